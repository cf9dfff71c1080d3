"""Requirements between the members of a release train: each wants the others at its own version."""

import tomllib
from collections.abc import Iterator
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from mercato_dev.distributions import ROOT, Distribution, with_extras
from mercato_dev.history import Release, git
from mercato_dev.units import Unit


def sibling_requirements(unit: Unit, item: Distribution) -> list[str]:
    """Find what a member requires of the other members, as it is written."""
    names = {one.name for one in unit.members} - {item.name}
    return [one for one in item.requirements if canonicalize_name(Requirement(one).name) in names]


def limits_of(version: Version) -> str:
    """Write the range that a member admits of another: its own version, and not the next major."""
    return f">={version},<{version.major + 1}"


def move_requirement(text: str, version: Version) -> str:
    """Write a requirement again, with the range of a version of the train."""
    old = Requirement(text)
    marker = f"; {old.marker}" if old.marker else ""
    return f"{with_extras(old.name, sorted(old.extras))}{limits_of(version)}{marker}"


def faults_of_siblings(unit: Unit, item: Distribution) -> Iterator[str]:
    """Find requirements on other members that are not of the version of the train."""
    expected = SpecifierSet(limits_of(unit.version))
    for text in sibling_requirements(unit, item):
        if Requirement(text).specifier != expected:
            moved = move_requirement(text, unit.version)
            yield f"{text}: the {unit.short} is released as a whole: write {moved}"


def move_siblings(unit: Unit, item: Distribution, version: Version) -> None:
    """Write the range of a version into every requirement of a member on the others."""
    text = item.pyproject.read_text()
    for old in sibling_requirements(unit, item):
        if Requirement(old).specifier != SpecifierSet(limits_of(version)):
            text = text.replace(f'"{old}"', f'"{move_requirement(old, version)}"')
    item.pyproject.write_text(text)


def has_only_moved(unit: Unit, item: Distribution, last: Release) -> bool:
    """Tell whether a member changed since *last* by nothing but the version of its train."""
    path = item.pyproject.relative_to(ROOT).as_posix()
    if git("diff", "--name-only", last.tag, "--", str(item.folder)) != [path]:
        return False
    then = tomllib.loads("\n".join(git("show", f"{last.tag}:{path}")))
    return without_version(unit, then) == without_version(unit, item.settings)


def without_version(unit: Unit, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a member without what the version of its train decides."""
    names = {item.name for item in unit.members}

    def strip(requirements: list[str]) -> list[str]:
        parsed = [Requirement(text) for text in requirements]
        return [
            with_extras(one.name, sorted(one.extras))
            if canonicalize_name(one.name) in names
            else str(one)
            for one in parsed
        ]

    project = dict(settings["project"], version="")
    project["dependencies"] = strip(project.get("dependencies", []))
    extras = project.get("optional-dependencies", {})
    project["optional-dependencies"] = {name: strip(some) for name, some in extras.items()}
    return settings | {"project": project}
