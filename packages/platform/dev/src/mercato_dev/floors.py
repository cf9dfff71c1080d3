"""Check that the lowest declared versions work: resolve them, install them, compare."""

from collections.abc import Iterator
from pathlib import Path

import nox
from nox.project import dependency_groups
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mercato_dev.distributions import EVERYTHING, Distribution, with_extras
from mercato_dev.environments import PLAIN, built_wheels, installed, pin_wheels, place, provide
from mercato_dev.refusal import refuse

FLOORS = (">=", "==", "~=")


def declared_requirements(item: Distribution) -> list[Requirement]:
    """Return the requirements of a distribution, its extras and its tests that are not ours."""
    declared = [*item.requirements, *dependency_groups(item.settings, "test")]
    found = [Requirement(text) for text in declared]
    return [one for one in found if canonicalize_name(one.name) not in EVERYTHING and applies(one)]


def applies(requirement: Requirement) -> bool:
    """Return whether a requirement applies to this interpreter."""
    return requirement.marker is None or requirement.marker.evaluate()


def floor(requirement: Requirement) -> Version | None:
    """Return the lowest version that a requirement allows."""
    versions = [Version(one.version) for one in requirement.specifier if one.operator in FLOORS]
    return max(versions, default=None)


def missing_floors(item: Distribution) -> Iterator[str]:
    """Find requirements that allow any old version."""
    for requirement in declared_requirements(item):
        if floor(requirement) is None:
            yield f"{requirement} has no floor"


def provide_lowest(session: nox.Session, item: Distribution) -> None:
    """Install the floors of *item* in the environment of *session*; end it if one is not true."""
    refuse(session, f"{item.name} cannot be tested", missing_floors(item), "Declare what works")
    pins = resolve_lowest(session, item)
    untrue = untrue_floors(item, pins)
    refuse(session, f"{item.name} declares versions that cannot be installed", untrue)
    wanted, group = with_extras(item.name, item.extras), f"{item.pyproject}:test"
    provide(session, wanted, groups=[group], pins=[pins])
    itself = f"{item.name} @ {item.wheel.as_uri()}"
    others = ({*installed(session)} ^ {*pins.read_text().splitlines()}) - {itself}
    refuse(session, f"{item.name}: resolved, but not installed, or the reverse", sorted(others))


def resolve_lowest(session: nox.Session, item: Distribution) -> Path:
    """Resolve the requirements of *item* to their lowest versions.

    uv gets its pyproject.toml, because it resolves the requirements of a wheel to the newest ones.

    Returns:
        A file with a line a distribution: ``name==version``, or ``name @ URL`` for ours.
    """
    pins = place(session, "lowest.txt")
    # uv prefers versions in an existing file.
    pins.unlink(missing_ok=True)
    command = ["uv", "pip", "compile", "--resolution=lowest-direct", "--all-extras"]
    command += [f"--group={item.pyproject}:test"]
    command += [f"--constraint={pin_wheels(session, built_wheels())}"]
    command += ["--no-header", "--no-annotate", f"--output-file={pins}", str(item.pyproject)]
    session.run(*command, env=PLAIN, silent=True)
    return pins


def untrue_floors(item: Distribution, pins: Path) -> Iterator[str]:
    """Find floors that are lower than any version that can be installed with the others."""
    resolved = dict(line.split("==") for line in pins.read_text().splitlines() if "==" in line)
    for requirement in declared_requirements(item):
        version = resolved[canonicalize_name(requirement.name)]
        if Version(version) != floor(requirement):
            yield f"{requirement} is not true: the lowest that fits is {version}"
