"""Shared and exclusive locks on files; the operating system releases them when a process ends."""

import fcntl
from pathlib import Path
from typing import IO


def take_exclusive(lock: IO[str]) -> bool:
    """Take *lock* exclusively without waiting; False if others hold it.

    A shared lock that was held before is lost.
    """
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take_shared(lock: IO[str]) -> None:
    """Take *lock* together with others; wait while it is held exclusively."""
    fcntl.flock(lock, fcntl.LOCK_SH)


def is_held(path: Path) -> bool:
    """Return whether the lock on *path* is held exclusively."""
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
