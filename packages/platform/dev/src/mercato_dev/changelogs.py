"""Check the changelog of a distribution and its fragments, such as ``changes/+quotes.added.md``.

towncrier builds the changelog from the fragments. It accepts empty fragments and file names with
the type anywhere, and knows nothing about versions, so all of that is checked here.
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
"""The level of each fragment type, in the order of the changelog."""

MARKER = "<!-- towncrier release notes start -->\n"
# A word after a plus sign, or the number of an issue. git quotes names with other letters than
# ASCII, and towncrier would not find the file that it must remove.
NAME = re.compile(r"(?:\+[\w-]+|\d+)\.(?P<type>\w+)\.md", re.ASCII)
# Terminals execute them, and readers do not see them.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f]")


def find_fragments(item: Distribution) -> list[Path]:
    """Return all files in ``changes``, in order, including invalid ones."""
    files = (item.folder / "changes").glob("*")
    return sorted(file for file in files if file.name != ".gitkeep")


def read_fragments(item: Distribution) -> Iterator[Reason]:
    """Return the changes that the valid fragments of a distribution declare."""
    for file in find_fragments(item):
        if find_fault(file) is None:
            text = shorten(file.read_text(encoding="utf-8"), width=80, placeholder=" …")
            yield Reason(LEVELS[type_of(file)], "fragment", f"{file.name}: {text}")


def faults_of_fragments(item: Distribution) -> Iterator[str]:
    """Find files in ``changes`` that are not valid fragments."""
    for file in find_fragments(item):
        if fault := find_fault(file):
            yield f"{item.short}: changes/{file.name} {fault}"


def find_fault(file: Path) -> str | None:
    """Return what is wrong with one fragment."""
    kind = type_of(file)
    if file.is_symlink() or not file.is_file() or not kind:
        return "is not a fragment: use a name such as +short-name.added.md"
    if kind not in LEVELS:
        close = get_close_matches(kind, LEVELS, n=1)
        guess = f" Did you mean {close[0]!r}?" if close else ""
        return f"has an unknown type: {kind!r} is not one of {', '.join(LEVELS)}.{guess}"
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "is not UTF-8"
    if CONTROLS.search(text):
        return "contains a control character: write plain text"
    return None if text.strip() else "is empty: describe the change for users"


def type_of(file: Path) -> str:
    """Return the fragment type in the name of a file; empty if it is not a fragment's name."""
    match = NAME.fullmatch(file.name)
    return match["type"] if match else ""


def faults_before_release(item: Distribution, version: str) -> Iterator[str]:
    """Find what keeps the changelog from taking the fragments as those of *version*."""
    text = read_changelog(item)
    if MARKER not in text:
        yield (
            f"{item.short}: CHANGELOG.md has no marker for new releases: write the line"
            f" {MARKER.strip()} above the newest"
        )
    if re.search(rf"^## {re.escape(version)}\b(?![.\d])", text, re.MULTILINE):
        yield f"{item.short}: CHANGELOG.md has a section for {version} already"


def faults_after_release(item: Distribution) -> Iterator[str]:
    """Find out whether the changelog describes the version of *item*."""
    version = item.project["version"]
    heading = rf"^## \[?{re.escape(version)}\]?(?![\w.])([^\n]*)$"
    section = re.search(
        rf"{heading}\n(.*?)(?=^## |\Z)", read_changelog(item), re.MULTILINE | re.DOTALL
    )
    if section is None:
        yield f"CHANGELOG.md has no section for {version}"
    elif "unreleased" in section[1].lower():
        yield f"CHANGELOG.md calls {version} unreleased"
    elif not section[2].strip():
        yield f"CHANGELOG.md has an empty section for {version}"


def read_changelog(item: Distribution) -> str:
    """Return the text of the changelog; empty if there is none."""
    changelog = item.folder / "CHANGELOG.md"
    return changelog.read_text(encoding="utf-8") if changelog.exists() else ""
