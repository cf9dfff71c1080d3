"""Python's cyclic garbage collector, kept out of the boot."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def left_alone() -> Iterator[None]:
    """Pause the collector, if it runs.

    A boot makes objects that stay and hardly any garbage. The collector would look through all of
    them again and again, which took a fourth of the time with 100 features, and more a feature
    with every feature.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
