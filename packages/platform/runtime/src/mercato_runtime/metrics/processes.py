"""One set of counters for the processes of a server: each has a numbered file in one folder.

This is prometheus-client's multiprocess mode, with numbers instead of process ids: a process that
replaces a dead one takes its number, and counts on in its file, so there are never more files than
there were processes at one time.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from prometheus_client import values
from prometheus_client.multiprocess import mark_process_dead

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable with the folder. Where it is set, counters are shared through it."""

_PREFIX = "mercato-metrics-"


@contextmanager
def shared() -> Iterator[Path]:
    """Share what this process and its forks count, in a new folder that only this user can read.

    Use it before the app is made: a counter decides when it is made where its value is.
    """
    _remove_abandoned()
    owner = os.getpid()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    # Other servers, and programs that remove old temporary files, spare locked folders.
    lock = os.open(folder, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_SH)
    alone = values.ValueClass
    os.environ[FOLDER] = str(folder)
    values.ValueClass = values.MultiProcessValue(Numbers(folder))  # type: ignore[no-untyped-call]
    try:
        yield folder
    finally:
        # A fork that ends here leaves the folder to the others.
        if os.getpid() == owner:
            values.ValueClass = alone
            del os.environ[FOLDER]
            os.close(lock)
            shutil.rmtree(folder, ignore_errors=True)


class Numbers:
    """Gives each process a number that no other living process of the folder has.

    A process holds a lock for its number. The kernel releases it when the process ends, in
    whatever way.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pid = 0
        self._number = 0
        self._lock: int | None = None

    def __call__(self) -> int:
        """Return the number of this process; a fork takes another one."""
        if self._pid != os.getpid():
            self._take()
        return self._number

    def _take(self) -> None:
        inherited, self._lock = self._lock, None
        if inherited is not None:
            # The parent's lock, of which a fork has a copy that would outlive the parent.
            os.close(inherited)
        for number in count():
            self._lock = _try_lock(self._folder / f"{number}.lock")
            if self._lock is not None:
                break
        self._pid, self._number = os.getpid(), number
        # Counters go on; the gauges of the process that had the number before do not.
        mark_process_dead(number, str(self._folder))  # type: ignore[no-untyped-call]


def forget_dead(folder: str) -> None:
    """Remove the gauges of processes that have ended, such as connections in use."""
    for file in Path(folder).glob("*.lock"):
        lock = _try_lock(file)
        if lock is not None:
            mark_process_dead(file.stem, folder)  # type: ignore[no-untyped-call]
            os.close(lock)


def _try_lock(file: Path) -> int | None:
    """Lock *file*; None if another process holds the lock."""
    lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except OSError:
        os.close(lock)
        raise
    return lock


def _remove_abandoned() -> None:
    """Remove the folders of servers of this user that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            _remove_unlocked(folder)


def _remove_unlocked(folder: Path) -> None:
    # By the lock and not by a process id, as containers that share the folder for temporary files
    # have the same ids.
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        # A folder that is still empty belongs to a server that is about to lock it.
        if os.fstat(lock).st_uid == os.getuid() and any(folder.iterdir()):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
