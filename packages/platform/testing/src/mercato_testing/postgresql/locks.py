"""Shared locks on files. The operating system releases those of a process that ends."""

import fcntl
from pathlib import Path
from typing import IO


def take_alone(lock: IO[str]) -> bool:
    """Take *lock* alone, without waiting; False if others have it. A share held before is lost."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take_share(lock: IO[str]) -> None:
    """Take *lock* together with others; waits for whoever has it alone."""
    fcntl.flock(lock, fcntl.LOCK_SH)


def is_held(path: Path) -> bool:
    """Whether anybody has the lock on *path* alone."""
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
