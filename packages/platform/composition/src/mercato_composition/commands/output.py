"""Print faults: in colour on a terminal, plain elsewhere."""

import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence

import click

from mercato_composition.commands.help import wants_trace
from mercato_composition.faults import Fault, lines_of

_COLOURS = {"error": "red", "warning": "yellow"}

_FIX = re.compile(r"(?<=^    )(fix|or|then):")

MOST_BLOCKS = 50
"""Faults that are printed."""


def print_faults(
    faults: Iterable[Fault], not_checked: Sequence[str] = (), *, err: bool = True
) -> None:
    """Print faults; on a terminal, also their number and how to learn more.

    Args:
        faults: The faults, in the order to print.
        not_checked: The names of what a fault made unknown.
        err: Whether to print to standard error; to standard output otherwise.
    """
    faults = list(faults)
    text = "\n".join(line for fault in faults[:MOST_BLOCKS] for line in _styled(fault, faults))
    if len(faults) > MOST_BLOCKS:
        text += f"\nand {len(faults) - MOST_BLOCKS} more: mercato check --json"
    # click removes the colours if the output is not a terminal.
    click.echo(text, err=err, color=False if os.environ.get("NO_COLOR") else None)
    if not_checked:
        things = "1 thing was" if len(not_checked) == 1 else f"{len(not_checked)} things were"
        named = ", ".join(not_checked)
        click.echo(f"{_counted(faults)}; {things} not checked: {named}", err=err)
    elif (sys.stderr if err else sys.stdout).isatty():
        click.secho(_summary(faults), err=err, dim=True)
    # With --trace, also the errors that they were found by.
    if wants_trace():
        for fault in faults:
            if fault.cause is not None:
                click.echo(f"\n{fault.key}:", err=True)
                click.echo("".join(traceback.format_exception(fault.cause)), err=True)


def _styled(fault: Fault, among: Sequence[Fault]) -> Iterator[str]:
    head, *lines = lines_of(fault, among)
    code, _, where = head.partition(" ")
    code = click.style(code, fg=_COLOURS[fault.severity], bold=True)
    yield f"{code} {click.style(where, bold=True)}"
    for line in lines:
        yield _FIX.sub(lambda word: click.style(word[0], fg="green"), line)


def _summary(faults: Sequence[Fault]) -> str:
    """Return the number of errors and warnings, and the command that explains the first."""
    return f"{_counted(faults)}; `mercato explain {faults[0].code}` says more" if faults else ""


def _counted(faults: Sequence[Fault]) -> str:
    return ", ".join(
        f"{number} {word}{'' if number == 1 else 's'}"
        for word in _COLOURS
        if (number := sum(fault.severity == word for fault in faults))
    )
