"""What ends a fault: an edit of a file, a command, a variable, or something outside."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Literal

from mercato_composition.faults.caller import beginning

Certainty = Literal["sure", "choice", "fill"]
"""Whether a fix ends the fault; is one of several that do; or has a ``<part>`` to fill in."""

MERCATO = "mercato"
"""The first argument of our own commands; it is printed as the running command was begun."""


SED = ("sed", "-i.bak")
"""Edits a file in place, for GNU's sed and BSD's: what the file was is kept with ``.bak``."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Whole lines of a file that are added, replaced or removed.

    Args:
        file: The path of the file.
        how: ``end``: add *lines* at the end; ``after``: add them after *line*; ``instead``: replace
            *line* to *last* with them; ``remove``: remove *line* to *last*.
        lines: The lines to write, without their ends.
        line: The number of a line, from 1.
        last: The last of several lines; *line* by default.
        certainty: What it does for the fault.
    """

    file: str
    how: Literal["end", "after", "instead", "remove"]
    lines: tuple[str, ...] = ()
    line: int = 0
    last: int | None = None
    certainty: Certainty = "sure"

    @property
    def text(self) -> str:
        """The place, and below it the lines to write."""
        one = self.last is None or self.last == self.line
        these = "this line" if one else f"these lines, to line {self.last}"
        where = {
            "end": f"{self.file}, at the end",
            "after": f"{self.file}:{self.line}, after this line",
            "instead": f"{self.file}:{self.line}, instead of {these}",
            "remove": f"{self.file}:{self.line}, remove {these}",
        }[self.how]
        return "\n".join([f"{where}:" if self.lines else where, *map(_indented, self.lines)])

    def apply(self, text: str) -> str:
        """Return *text*, the content of the file, with the edit made."""
        end = "\r\n" if "\r\n" in text else "\n"
        # TOML ends lines with these only, unlike str.splitlines().
        lines = [f"{line}\n" for line in text.split("\n")]
        if lines[-1] == "\n":
            del lines[-1]
        new = [line + end for line in self.lines]
        if self.how == "end":
            return "".join(lines + new)
        start = self.line if self.how == "after" else self.line - 1
        stop = start if self.how == "after" else (self.last or self.line)
        return "".join(lines[:start] + new + lines[stop:])


@dataclass(frozen=True, slots=True)
class Command:
    """Commands of a shell, each after the one before it has succeeded.

    Args:
        commands: The arguments of each. One that begins with ``mercato`` is printed as the running
            command was begun: ``shop/bin/mercato --deployment shop.toml lock``.
        into: The file that the output of the last command is written to.
        certainty: What they do for the fault.
    """

    commands: tuple[tuple[str, ...], ...]
    into: str | None = None
    certainty: Certainty = "sure"

    @property
    def text(self) -> str:
        """The line to paste into a shell."""
        line = " && ".join(shlex.join(_begun(command)) for command in self.commands)
        return f"{line} > {shlex.quote(self.into)}" if self.into else line


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable to set or to unset.

    Args:
        name: Its name.
        value: Its value, which a shell expands; None to unset it.
        before: A command that makes what the value names.
        unset: Another variable, which is unset then.
        certainty: What it does for the fault.
    """

    name: str
    value: str | None
    before: str = ""
    unset: str | None = None
    certainty: Certainty = "sure"

    @property
    def text(self) -> str:
        """The line to paste into the shell that starts the server."""
        line = f"unset {self.name}" if self.value is None else f"export {self.name}={self.value}"
        unset = f"unset {self.unset}" if self.unset else ""
        return " && ".join(filter(None, [self.before, line, unset]))


@dataclass(frozen=True, slots=True)
class Outside:
    """Something to do that is neither an edit, a command nor a variable.

    Args:
        text: What to do; one or more lines.
        certainty: What it does for the fault.
    """

    text: str
    certainty: Certainty = "sure"


Fix = Edit | Command | Variable | Outside


def mercato(*arguments: str, then: tuple[str, ...] = (), into: str | None = None) -> Command:
    """Return a command of ours, and another one *then*, that end a fault for sure."""
    commands = [(MERCATO, *one) for one in (arguments, then) if one]
    return Command(tuple(commands), into)


def _begun(command: tuple[str, ...]) -> tuple[str, ...]:
    return (*beginning(), *command[1:]) if command[0] == MERCATO else command


def _indented(line: str) -> str:
    return f"    {line}" if line else ""
