"""Find everything that blocks the release of a unit."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import nox

from mercato_dev.artifacts import make_release
from mercato_dev.artifacts.contents import faults_of_wheel
from mercato_dev.bumps import find_bump
from mercato_dev.distributions import Distribution
from mercato_dev.floors import missing_floors
from mercato_dev.gates.proof import prove
from mercato_dev.gates.released import (
    faults_of_migrations,
    faults_of_requirements,
    faults_of_version,
)
from mercato_dev.history import find_uncommitted
from mercato_dev.home import faults_of_addresses
from mercato_dev.refusal import refuse
from mercato_dev.siblings import faults_of_siblings
from mercato_dev.surfaces.changes import shown_by
from mercato_dev.surfaces.snapshots import faults_of_surfaces
from mercato_dev.units import Unit


def pass_gates(session: nox.Session, unit: Unit) -> None:
    """End *session* with the faults of *unit*; without any, run the sessions that must be green."""
    faults = [*find_faults(session, unit), *find_bump(session, unit).faults]
    refuse(session, f"{unit.name} cannot be released", faults)
    prove(session, [unit])


def find_faults(session: nox.Session, unit: Unit) -> list[str]:
    """Find everything that blocks the release of *unit*, without running its sessions."""
    # The whole repository must be committed: the release is proven beside all of it.
    found = [*(f"not committed: {line[3:]}" for line in find_uncommitted())]
    found += unit.faults_of_versions
    built = faults_of_builds(session, unit)
    for item in unit.members:
        faults = [
            *faults_of_siblings(unit, item),
            *faults_of_member(session, item),
            *built[item.short],
        ]
        found += unit.name_member(item, dict.fromkeys(faults))
    shown = dict.fromkeys(one for item in unit.members for one in shown_by(item))
    return [*found, *faults_of_surfaces(session, shown)]


def faults_of_member(session: nox.Session, item: Distribution) -> Iterator[str]:
    """Find what blocks the release of one distribution."""
    yield from faults_of_migrations(item)
    yield from faults_of_version(session, item)
    yield from faults_of_requirements(session, item)
    yield from missing_floors(item)
    yield from faults_of_addresses(item)
    # Sessions run with this wheel; the published one is built from the commit.
    yield from faults_of_wheel(item, item.wheel)


def faults_of_builds(session: nox.Session, unit: Unit) -> dict[str, list[str]]:
    """Build what is committed as it would be published, and return the faults of each member."""
    with tempfile.TemporaryDirectory() as made:
        names = [item.short for item in unit.members]
        return {one.short: one.faults for one in make_release(session, "HEAD", names, Path(made))}
