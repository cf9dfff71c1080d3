"""Repairs of lines that are not valid TOML. They are commands, so that no value is shown."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

from mercato_composition.faults import Command
from mercato_composition.faults.fixes import SED

_REPAIRS = (
    # A statement of a shell.
    (r"^ *export +", ""),
    # YAML, and what compares.
    (r"^( *[A-Za-z0-9_-]+) *:", r"\1 ="),
    (r"==", "="),
    # A list of assignments, and a comment of INI files.
    (r", *$", ""),
    (r";", "#"),
    # Python.
    (r"= *True", "= true"),
    (r"= *False", "= false"),
    # A number that begins with zero, quotes of a word processor, and a path of Windows.
    (r"= *0+", "= "),
    (r"“|”|„", '"'),
    (r'"', "'"),
    # A text without quotes. Others stand for no value.
    (r"= *([A-Za-z][A-Za-z0-9_.@-]*) *$", r'= "\1"'),
)
"""Patterns and replacements that mean the same to Python and to ``sed -E``."""

_NOTHING = re.compile(r'= *"(None|null|nil|undefined)" *$')
"""Words of other languages for no value, which are no texts."""


def repair(file: Path, lines: Sequence[str], number: int) -> Command | None:
    """Return the command that makes one line valid, by one or two repairs; None for no way.

    Args:
        file: The deployment file.
        lines: Its lines.
        number: The line, counted from 1.
    """
    line = lines[number - 1].rstrip("\r")
    for changes in _changes():
        repaired = line
        for pattern, new in changes:
            repaired = re.sub(pattern, new, repaired)
        if repaired != line and _is_valid(repaired):
            script = ";".join(f"{number}s/{pattern}/{new}/g" for pattern, new in changes)
            return Command(((*SED, "-E", script, str(file)),))
    return None


def _changes() -> Iterator[Sequence[tuple[str, str]]]:
    yield from combinations(_REPAIRS, 1)
    yield from combinations(_REPAIRS, 2)


def _is_valid(line: str) -> bool:
    if _NOTHING.search(line):
        return False
    try:
        return bool(tomllib.loads(line))
    except ValueError:
        return False
