"""The garbage collector while a process starts: what is imported stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect no garbage meanwhile.

    What the first start of a process has made is never looked at again: modules, classes and the
    app stay. So neither later collections nor the last one, as the process ends, pass all of it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        _keep()
    finally:
        if was_enabled:
            gc.enable()


# Once: tests make many apps in a process, and those must go.
@cache
def _keep() -> None:
    gc.freeze()
