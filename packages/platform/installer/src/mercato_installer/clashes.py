"""What two wheels of one environment bring both: files, modules, commands."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from mercato_installer.wheel import Wheel

_MODULE = re.compile(r"((?:.*/)?[^/.]+)(\.[^/]*)?\.(py|so|pyd)", re.IGNORECASE)

_SHOWN = 5
"""The most members that a message names."""


def clashes(wheels: Sequence[Wheel]) -> Iterator[tuple[Wheel, str]]:
    """Give each wheel that brings what an earlier one has, with the reason to refuse it."""
    yield from _same_files(wheels)
    yield from _same_modules(wheels)
    yield from _same_scripts(wheels)


def some(members: Collection[str]) -> str:
    """Return the first of *members*, and the number of the others."""
    first = sorted(members)[:_SHOWN]
    more = len(members) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")


def _same_files(wheels: Sequence[Wheel]) -> Iterator[tuple[Wheel, str]]:
    owners: dict[str, Wheel] = {}
    for wheel in wheels:
        twice: dict[str, list[str]] = {}
        for member in wheel.members:
            # Some file systems do not distinguish upper and lower case.
            owner = owners.setdefault(member.casefold(), wheel)
            if owner is not wheel:
                twice.setdefault(owner.release, []).append(member)
        for release, members in twice.items():
            yield wheel, f"it would overwrite {some(members)} of {release}"


def _same_modules(wheels: Sequence[Wheel]) -> Iterator[tuple[Wheel, str]]:
    """Find wheels that bring a module of another one's, or put files into its package.

    Of a package ``x/__init__.py`` and the modules ``x.so`` and ``x.py``, Python imports the first.
    """
    owners: dict[str, tuple[Wheel, str]] = {}
    for wheel in wheels:
        for name, member in _modules(wheel.members).items():
            owner, first = owners.setdefault(name, (wheel, member))
            # Two files of one name are reported by themselves.
            if owner is not wheel and first.casefold() != member.casefold():
                yield wheel, f"it contains {member}, the same module as {first} of {owner.release}"
    for wheel in wheels:
        for folder in sorted(_folders(wheel.members) - _modules(wheel.members).keys()):
            owner, first = owners.get(folder, (wheel, ""))
            if owner is not wheel:
                yield wheel, f"it puts files into {folder}, the package of {owner.release}"


def _modules(members: Iterable[str]) -> dict[str, str]:
    """Return the modules among *members* by path without suffix; a package by its folder."""
    found = {}
    for member in members:
        if match := _MODULE.fullmatch(member):
            found[match[1].removesuffix("/__init__").casefold()] = member
    return found


def _folders(members: Iterable[str]) -> set[str]:
    """Return all folders that have members, also those in folders of theirs."""
    found: set[str] = set()
    for member in members:
        folder = member.casefold().rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _same_scripts(wheels: Sequence[Wheel]) -> Iterator[tuple[Wheel, str]]:
    owners: dict[str, Wheel] = {}
    for wheel in wheels:
        entries = wheel.offered("console_scripts", "gui_scripts")
        for name in (*(entry.name for entry in entries), *wheel.programs):
            owner = owners.setdefault(name.casefold(), wheel)
            if owner is not wheel:
                yield wheel, f"it installs the command {name!r}, as {owner.release} does"
