"""What the fragments of the next changelog say: files such as ``changes/+quotes.added.md``.

towncrier makes the changelog of them. It takes a file of which any part of the name is a type, and
one that is empty, and knows nothing of versions; so names and contents are checked here.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from textwrap import shorten

from mercato_dev.distributions import Distribution
from mercato_dev.levels import Level, Reason

LEVELS = {
    "breaking": Level.MAJOR,
    "removed": Level.MAJOR,
    "added": Level.MINOR,
    "changed": Level.MINOR,
    "deprecated": Level.MINOR,
    "fixed": Level.PATCH,
    "security": Level.PATCH,
}
"""How much each type needs, in the order of the changelog."""

# After a plus sign any word, else the number of an issue. Of other letters than those of ASCII git
# writes codes, and towncrier would not find the file again that it takes away.
NAME = re.compile(r"(?:\+[\w-]+|\d+)\.(?P<type>\w+)\.md", re.ASCII)
# What a terminal obeys, and no reader sees.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f]")


def find_fragments(item: Distribution) -> list[Path]:
    """Find the fragments of a distribution, those that are none included, in their order."""
    files = (item.folder / "changes").glob("*")
    return sorted(file for file in files if file.name != ".gitkeep")


def read_fragments(item: Distribution) -> Iterator[Reason]:
    """Read which changes the fragments of a distribution declare; leave out those with a fault."""
    for file in find_fragments(item):
        if find_fault(file) is None:
            text = shorten(file.read_text(encoding="utf-8"), width=80, placeholder=" …")
            yield Reason(LEVELS[type_of(file)], "fragment", f"{file.name}: {text}")


def faults_of_fragments(item: Distribution) -> Iterator[str]:
    """Say what is in ``changes`` and is no fragment, or is one that says nothing."""
    for file in find_fragments(item):
        if fault := find_fault(file):
            yield f"{item.short}: changes/{file.name} {fault}"


def find_fault(file: Path) -> str | None:
    """Say what is wrong with one fragment."""
    kind = type_of(file)
    if file.is_symlink() or not file.is_file() or not kind:
        return "is no fragment: +short-name.added.md is one"
    if kind not in LEVELS:
        near = get_close_matches(kind, LEVELS, n=1)
        guess = f" Did you mean {near[0]!r}?" if near else ""
        return f"has no type: {kind!r} is none of {', '.join(LEVELS)}.{guess}"
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "is not UTF-8"
    if CONTROLS.search(text):
        return "has a control character in it: write plain text"
    return None if text.strip() else "is empty: say to the users what changed"


def type_of(file: Path) -> str:
    """Read from the name of a file which type of fragment it is; nothing if it is none."""
    match = NAME.fullmatch(file.name)
    return match["type"] if match else ""
