"""How the metadata of two wheels differs, for those who install them.

An installer that cannot take a release keeps the one before. So a Python that is no longer served
is minor; an extra, a command or a plugin that is gone is asked for by name, and is major.
"""

import zipfile
from collections.abc import Iterator
from collections.abc import Sequence
from collections.abc import Set
from importlib.metadata import PathDistribution
from pathlib import Path

from packaging.specifiers import SpecifierSet

from workspace.bumps.levels import Level
from workspace.bumps.levels import Reason

SCRIPTS = ("console_scripts", "gui_scripts")
PLUGINS = ("pytest11",)


def compare_metadata(before: Path, after: Path) -> Iterator[Reason]:
    """Say how two wheels of one distribution differ in what installers read."""
    with zipfile.ZipFile(before) as one, zipfile.ZipFile(after) as other:
        old, new = metadata_of(one), metadata_of(other)
        yield from _pythons(old, new)
        yield from _names("extra", _extras(old), _extras(new))
        yield from _names("command", _points(old, SCRIPTS), _points(new, SCRIPTS))
        yield from _names("pytest plugin", _points(old, PLUGINS), _points(new, PLUGINS))
        yield from _requirements(set(old.requires or ()), set(new.requires or ()))


def metadata_of(wheel: zipfile.ZipFile) -> PathDistribution:
    """Open the metadata of a wheel."""
    (folder,) = {name.partition("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    return PathDistribution(zipfile.Path(wheel, f"{folder}/"))


def _pythons(old: PathDistribution, new: PathDistribution) -> Iterator[Reason]:
    was, becomes = (
        SpecifierSet(",".join(one.metadata.get_all("Requires-Python") or ())) for one in (old, new)
    )
    if was != becomes:
        yield Reason(Level.MINOR, "metadata", f"needs Python {becomes} now, and needed {was}")


def _extras(one: PathDistribution) -> Set[str]:
    return set(one.metadata.get_all("Provides-Extra") or ())


def _points(one: PathDistribution, groups: Sequence[str]) -> Set[str]:
    return {point.name for point in one.entry_points if point.group in groups}


def _names(kind: str, old: Set[str], new: Set[str]) -> Iterator[Reason]:
    for name in sorted(old - new):
        yield Reason(Level.MAJOR, "metadata", f"{kind} {name} is gone")
    for name in sorted(new - old):
        yield Reason(Level.MINOR, "metadata", f"{kind} {name} is new")


def _requirements(old: Set[str], new: Set[str]) -> Iterator[Reason]:
    """Tell what is required otherwise: resolvers see to it, people want to know."""
    for one in sorted(old - new):
        yield Reason(Level.PATCH, "metadata", f"does not require {one} any more")
    for one in sorted(new - old):
        yield Reason(Level.PATCH, "metadata", f"requires {one} now")
