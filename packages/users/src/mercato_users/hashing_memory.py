"""The memory in which passwords are hashed: at most what the settings allow, in each process."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Condition
from typing import TypeVar

from mercato_kit.composition import current_composition
from mercato_kit.errors import Unavailable
from mercato_kit.settings import current_settings
from mercato_users.settings import HASH_MEBIBYTES, UsersSettings

WAIT_SECONDS = 2.0
"""How long a request waits for memory."""


T = TypeVar("T")


class Memory:
    """Memory that hashing shares, which runs in threads of its own.

    An allocator keeps the memory that a thread has freed for that thread. Where each thread of a
    server hashes, that is the memory of a hash for each.

    Args:
        mebibytes: How much there is.
    """

    def __init__(self, mebibytes: int) -> None:
        self.total = mebibytes
        self._free = mebibytes
        self._changed = Condition()
        most = max(1, mebibytes // HASH_MEBIBYTES)
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="hashing")

    def run(self, mebibytes: int, work: Callable[[], T]) -> T:
        """Run *work* in a part of the memory; in all of it if it is less.

        Raises:
            Unavailable: It is still in use after two seconds.
        """
        with self._taken(mebibytes):
            return self._threads.submit(work).result()

    @contextmanager
    def _taken(self, mebibytes: int) -> Iterator[None]:
        needed = min(mebibytes, self.total)
        with self._changed:
            if not self._changed.wait_for(lambda: self._free >= needed, WAIT_SECONDS):
                raise Unavailable
            self._free -= needed
        try:
            yield
        finally:
            with self._changed:
                self._free += needed
                self._changed.notify_all()


def hashing_memory() -> Memory:
    """Return the memory of this process: an equal part for each, and enough for one hash."""
    allowed = current_settings(UsersSettings).password_memory_mib
    return _memory(max(HASH_MEBIBYTES, allowed // current_composition().serving.workers))


@cache
def _memory(mebibytes: int) -> Memory:
    return Memory(mebibytes)
