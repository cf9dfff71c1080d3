"""Threads that run calls in the order in which they come."""

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

Call = Callable[[], None]

_log = logging.getLogger(__name__)


class Threads:
    """Run calls in *count* threads.

    The executor of the standard library makes a future for each call. That costs a tenth of a small
    request, and nothing waits for the result.
    """

    def __init__(self, name: str, count: int) -> None:
        self._calls: SimpleQueue[Call] = SimpleQueue()
        for number in range(count):
            Thread(target=self._run, name=f"{name}-{number}", daemon=True).start()

    @property
    def waiting(self) -> int:
        """How many calls wait for a thread."""
        return self._calls.qsize()

    def run(self, call: Call) -> None:
        """Run *call* when a thread is free."""
        self._calls.put(call)

    def _run(self) -> None:
        while True:
            self._run_next()

    def _run_next(self) -> None:
        call = self._calls.get()
        try:
            call()
        except BaseException:  # noqa: BLE001 - also SystemExit, so that the thread stays
            _log.exception("a request was not answered")
        # An exception that something keeps has this frame in its traceback.
        del call
