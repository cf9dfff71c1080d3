"""What a command shows while it works: lines, and how much is done of what takes long."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import click

Kind = Literal["auto", "plain", "none"]

Unit = Literal["bytes", "packages", "rows", "steps"]

Advance = Callable[[int], None]
"""Called with what was done since the last call, from any thread."""

_QUIET_SECONDS = 2.0
"""What takes less than this shows no amounts; plain lines are this far apart."""

_MEGABYTE = 1_000_000

progress = click.option(
    "--progress",
    type=click.Choice(["auto", "plain", "none"]),
    default="auto",
    show_default=True,
    help="What is shown of what takes longer than two seconds: a bar on a terminal, or lines.",
)
"""The option of a command that may take long."""


class Progress:
    """Lines for steps, and amounts on standard error of what takes longer than two seconds.

    Args:
        kind: ``auto``: a bar if standard error is a terminal, else no amounts. ``plain``: a line
            every two seconds. ``none``: nothing, not even the steps.
        err: Whether the lines go to standard error, because standard output has a document.
        clock: Gives seconds.
    """

    def __init__(
        self, kind: Kind = "auto", *, err: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.kind, self.err, self._clock = kind, err, clock
        self._bar: Any = None

    def line(self, text: str) -> None:
        """Show the line of a step."""
        if self.kind == "none":
            return
        if self._bar is not None:
            # The next amount draws the bar again, below the line.
            click.echo("\r\033[K", nl=False, err=True)
        click.echo(text, err=self.err)

    @contextmanager
    def amounts(self, label: str, total: int, unit: Unit) -> Iterator[Advance]:
        """Show how much of *total* is done, while the block runs."""
        started, lock = self._clock(), threading.Lock()
        done, shown = 0, started
        draws = self.kind == "auto" and sys.stderr.isatty()

        def advance(amount: int) -> None:
            nonlocal done, shown
            with lock:
                done += amount
                now = self._clock()
                if now - started < _QUIET_SECONDS:
                    return
                if draws:
                    self._draw(label, done, total, unit)
                elif self.kind == "plain" and now - shown >= _QUIET_SECONDS:
                    shown = now
                    click.echo(f"{label}: {_amount(done, total, unit)}", err=True)

        try:
            yield advance
        finally:
            if self._bar is not None:
                self._bar.render_finish()
                self._bar = None

    def _draw(self, label: str, done: int, total: int, unit: Unit) -> None:
        if self._bar is None:
            self._bar = click.progressbar(
                length=total, label=label, item_show_func=lambda text: text, file=sys.stderr
            )
        self._bar.update(done - self._bar.pos, _amount(done, total, unit))


def _amount(done: int, total: int, unit: str) -> str:
    if unit == "bytes":
        return f"{done / _MEGABYTE:.1f} of {total / _MEGABYTE:.1f} MB"
    return f"{done} of {total} {unit}"
