"""What a command shows while it works: lines, and how much is done of what takes long."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Literal

import click

Kind = Literal["auto", "plain", "none"]

Advance = Callable[[int], None]
"""Called with what was done since the last call, from any thread."""

_QUIET_SECONDS = 2.0
"""What takes less than this shows no amounts; plain lines are this far apart."""

_MEGABYTE = 1_000_000


class Progress:
    """Lines for steps, and amounts on standard error of what takes longer than two seconds.

    Args:
        kind: ``auto``: a bar if standard error is a terminal, else as ``plain``. ``plain``: a line
            every two seconds. ``none``: nothing, not even the steps.
        err: Whether the lines go to standard error, because standard output has a document.
        clock: Gives seconds.
    """

    def __init__(
        self, kind: Kind = "auto", *, err: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.kind, self.err, self._clock = kind, err, clock

    def line(self, text: str) -> None:
        """Show the line of a step."""
        if self.kind != "none":
            click.echo(text, err=self.err)

    @contextmanager
    def amounts(
        self, label: str, total: int, unit: Literal["bytes", "packages"]
    ) -> Iterator[Advance]:
        """Show how much of *total* is done, while the block runs."""
        started, lock = self._clock(), threading.Lock()
        done, shown = 0, started
        bar: Any = None

        def advance(amount: int) -> None:
            nonlocal done, shown, bar
            with lock:
                done += amount
                now = self._clock()
                if self.kind == "none" or now - started < _QUIET_SECONDS:
                    return
                if self.kind == "auto" and sys.stderr.isatty():
                    bar = bar or stack.enter_context(_bar(label, total))
                    bar.update(done - bar.pos)
                elif now - shown >= _QUIET_SECONDS:
                    shown = now
                    click.echo(f"{label}: {_amount(done, total, unit)}", err=True)

        with ExitStack() as stack:
            yield advance


def _bar(label: str, total: int) -> AbstractContextManager[Any]:
    return click.progressbar(length=total, label=label, file=sys.stderr)


def _amount(done: int, total: int, unit: str) -> str:
    if unit == "bytes":
        return f"{done / _MEGABYTE:.1f} of {total / _MEGABYTE:.1f} MB"
    return f"{done} of {total} {unit}"
