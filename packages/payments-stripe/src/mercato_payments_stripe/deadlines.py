"""Calls with a deadline, also where the other side sends bytes without end."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what a call returns, or raise what it raises.

    The time-outs of HTTP clients apply to each read, so an answer that trickles never ends. Such a
    call goes on in a thread of its own, which does not keep the process from ending.

    Raises:
        TimeoutError: It took longer.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - the caller gets it
            future.set_exception(error)

    threading.Thread(target=run, name="stripe", daemon=True).start()
    return future.result(seconds)
