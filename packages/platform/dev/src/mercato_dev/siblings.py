"""Requirements between the members of a release train: each requires the others at its version."""

import tomllib
from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mercato_dev.distributions import ROOT, Distribution, requirements_of, with_extras
from mercato_dev.history import Release, git
from mercato_dev.units import Unit


def limits_of(version: Version) -> str:
    """Return the range in which a member accepts the others: its version up to the next major."""
    return f">={version},<{version.major + 1}"


def sibling_requirements(unit: Unit, text: str, version: Version) -> Iterator[tuple[str, str]]:
    """Find requirements on other members of *unit*.

    Args:
        unit: The train.
        text: The pyproject.toml of a member.
        version: The version of the train.

    Returns:
        Each requirement as written, and with the range of *version*.
    """
    project = tomllib.loads(text)["project"]
    names = {one.name for one in unit.members} - {project["name"]}
    for written in requirements_of(project):
        old = Requirement(written)
        if canonicalize_name(old.name) in names:
            marker = f"; {old.marker}" if old.marker else ""
            name = with_extras(old.name, sorted(old.extras))
            yield written, f"{name}{limits_of(version)}{marker}"


def faults_of_siblings(unit: Unit, item: Distribution) -> Iterator[str]:
    """Find requirements on other members that do not have the version of the train."""
    for old, new in sibling_requirements(unit, item.pyproject.read_text(), unit.version):
        if Requirement(old).specifier != Requirement(new).specifier:
            yield f"{old}: the {unit.short} is released as a whole: write {new}"


def move_siblings(unit: Unit, item: Distribution, version: Version) -> None:
    """Write the range of *version* into each requirement of a member on the others."""
    item.pyproject.write_text(moved(unit, item.pyproject.read_text(), version))


def moved(unit: Unit, text: str, version: Version) -> str:
    """Return the pyproject.toml of a member with the range of *version* for the others."""
    for old, new in sibling_requirements(unit, text, version):
        text = text.replace(f'"{old}"', f'"{new}"')
    return text


def has_only_moved(unit: Unit, item: Distribution, last: Release) -> bool:
    """Return whether a member differs from its release *last* only by the version of the train."""
    path = item.pyproject.relative_to(ROOT).as_posix()
    if git("diff", "--name-only", last.tag, "--", str(item.folder)) != [path]:
        return False
    texts = ("\n".join(git("show", f"{last.tag}:{path}")), item.pyproject.read_text())
    then, now = (tomllib.loads(moved(unit, text, unit.version)) for text in texts)
    then["project"]["version"] = now["project"]["version"]
    return then == now
