"""Whether the floors are true: the lowest versions that are declared, resolved and compared."""

from collections.abc import Iterator
from pathlib import Path

import nox
from nox.project import dependency_groups
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mercato_dev.distributions import DISTRIBUTIONS, Distribution, with_extras
from mercato_dev.environments import PLAIN, built_wheels, installed, pin_wheels, place, provide
from mercato_dev.refusal import refuse

FLOORS = (">=", "==", "~=")


def declared_requirements(item: Distribution) -> list[Requirement]:
    """Read what a distribution, its extras and its tests declare, of what others publish."""
    declared = [*item.requirements, *dependency_groups(item.settings, "test")]
    ours = {one.name for one in DISTRIBUTIONS}
    found = [Requirement(text) for text in declared]
    return [one for one in found if canonicalize_name(one.name) not in ours and is_meant(one)]


def is_meant(requirement: Requirement) -> bool:
    """Tell whether a requirement counts for this interpreter."""
    return requirement.marker is None or requirement.marker.evaluate()


def floor(requirement: Requirement) -> Version | None:
    """Return the lowest version that a requirement allows."""
    versions = [Version(one.version) for one in requirement.specifier if one.operator in FLOORS]
    return max(versions, default=None)


def resolve_lowest(session: nox.Session, item: Distribution) -> Path:
    """Resolve what *item* declares to the lowest versions, from its settings.

    A wheel would not do: to uv, what a wheel requires is indirect, and resolved to the newest.

    Returns:
        A file with a line for each distribution: ``name==version``, or ``name @ URL`` for our own.
    """
    pins = place(session, "lowest.txt")
    # uv would prefer the versions that the file has from the last time.
    pins.unlink(missing_ok=True)
    command = ["uv", "pip", "compile", "--resolution=lowest-direct", "--all-extras"]
    command += [f"--group={item.pyproject}:test"]
    command += [f"--constraint={pin_wheels(session, built_wheels())}"]
    command += ["--no-header", "--no-annotate", f"--output-file={pins}", str(item.pyproject)]
    session.run(*command, env=PLAIN, silent=True)
    return pins


def missing_floors(item: Distribution) -> Iterator[str]:
    """Name the requirements that allow any version, however old."""
    for requirement in declared_requirements(item):
        if floor(requirement) is None:
            yield f"{requirement} has no floor"


def provide_lowest(session: nox.Session, item: Distribution) -> None:
    """Make the environment of *session* hold the floors of *item*; end it where one is not true."""
    refuse(session, f"{item.name} cannot be tested", missing_floors(item), "Say what works")
    pins = resolve_lowest(session, item)
    refuse(session, f"{item.name} promises too much", untrue_floors(item, pins), "Raise the floors")
    wanted, group = with_extras(item.name, item.extras), f"{item.pyproject}:test"
    provide(session, wanted, groups=[group], pins=[pins])
    others = differences(session, item, pins)
    refuse(session, f"{item.name}: resolved, but not installed, or the reverse", others)


def untrue_floors(item: Distribution, pins: Path) -> Iterator[str]:
    """Say which floors are lower than any version that can be had with the others."""
    resolved = dict(line.split("==") for line in pins.read_text().splitlines() if "==" in line)
    for requirement in declared_requirements(item):
        version = resolved[canonicalize_name(requirement.name)]
        if Version(version) != floor(requirement):
            yield f"{requirement} is not true: the lowest that fits is {version}"


def differences(session: nox.Session, item: Distribution, pins: Path) -> list[str]:
    """Compare what is installed with what was resolved; name what is in one alone."""
    itself = {f"{item.name} @ {item.wheel.as_uri()}"}
    return sorted((set(installed(session)) ^ set(pins.read_text().splitlines())) - itself)
