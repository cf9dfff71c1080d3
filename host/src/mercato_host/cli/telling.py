"""Faults on a terminal: in colour where somebody looks at one, plain elsewhere."""

import os
import sys
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence

import click

from mercato_composition.faults import Fault
from mercato_composition.faults import lines_of

_COLOURS = {"error": "red", "warning": "yellow"}

_FIX = "fix:"


def tell(faults: Iterable[Fault], *, err: bool = True) -> None:
    """Print faults, and how to learn more about them.

    Args:
        faults: In the order they are told.
        err: To standard error.
    """
    told = list(faults)
    text = "\n".join(line for fault in told for line in _styled(fault, told))
    # click takes the colours out where the output is no terminal.
    click.echo(text, err=err, color=False if os.environ.get("NO_COLOR") else None)
    if (sys.stderr if err else sys.stdout).isatty():
        click.secho(_summary(told), err=err, dim=True)


def _styled(fault: Fault, told: Sequence[Fault]) -> Iterator[str]:
    head, *lines = lines_of(fault, told)
    code, _, where = head.partition(" ")
    code = click.style(code, fg=_COLOURS[fault.severity], bold=True)
    yield f"{code} {click.style(where, bold=True)}"
    for line in lines:
        yield line.replace(_FIX, click.style(_FIX, fg="green"), 1) if _FIX in line[:9] else line


def _summary(told: Sequence[Fault]) -> str:
    """Count them, and name the command that explains the first."""
    counts = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for word in _COLOURS
        if (number := sum(fault.severity == word for fault in told))
    ]
    return f"{', '.join(counts)}; `mercato explain {told[0].code}` says more" if told else ""
