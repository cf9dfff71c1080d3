"""A file of breached passwords, which is searched without being read as a whole."""

import hashlib
import mmap
from pathlib import Path

_DIGITS = 40


def is_breached(password: str, file: Path) -> bool:
    """Return whether a file has the SHA-1 of a password.

    Args:
        password: The password.
        file: One SHA-1 in hex a line, sorted, alone or before a colon and a number; so are those
            of Have I Been Pwned.

    Raises:
        OSError: The file cannot be read.
    """
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().encode()
    with file.open("rb") as opened:
        if not file.stat().st_size:
            return False
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _contains(data, wanted)


def is_list(file: Path) -> bool:
    """Return whether a file begins as a list of SHA-1 does.

    Raises:
        OSError: The file cannot be read.
    """
    with file.open("rb") as opened:
        first = opened.readline(100).partition(b":")[0].strip()
    return len(first) == _DIGITS and all(chr(byte) in "0123456789abcdefABCDEF" for byte in first)


def _contains(data: mmap.mmap, wanted: bytes) -> bool:
    """Find a line by halving the file: each step looks at the line around its middle."""
    low, high = 0, len(data)
    while low < high:
        middle = (low + high) // 2
        start = data.rfind(b"\n", low, middle) + 1 or low
        end = data.find(b"\n", middle)
        found = data[start : start + _DIGITS].lower()
        if found == wanted:
            return True
        if found < wanted:
            low = high if end < 0 else end + 1
        else:
            high = start
    return False
