"""Files that hold data are readable by their owner only."""

import os
from pathlib import Path

PRIVATE_FOLDER = 0o700
"""The mode of a folder that holds data."""

_PRIVATE_FILE = 0o600


def private(path: str, flags: int) -> int:
    """Open a file; a new one is readable by its owner only: ``open(path, "w", opener=private)``.

    Returns:
        A file descriptor.
    """
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
    except FileExistsError:
        return os.open(path, flags)
    # The umask may have removed permissions of the owner.
    Path(path).chmod(_PRIVATE_FILE)
    return descriptor
