"""What blocks the release of a unit: a distribution, or the platform."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import nox

from mercato_dev.artifacts import make_release
from mercato_dev.artifacts.contents import faults_of_wheel
from mercato_dev.bumps import find_unit_bump
from mercato_dev.distributions import Distribution
from mercato_dev.floors import missing_floors
from mercato_dev.gates.proof import prove
from mercato_dev.gates.released import faults_of_version
from mercato_dev.gates.requirements import faults_of_requirements
from mercato_dev.gates.tree import faults_of_migrations, faults_of_tree
from mercato_dev.home import faults_of_addresses
from mercato_dev.refusal import refuse
from mercato_dev.siblings import faults_of_siblings
from mercato_dev.surfaces.changes import shown_by
from mercato_dev.surfaces.snapshots import faults_of_surfaces
from mercato_dev.units import Unit


def pass_gates(session: nox.Session, unit: Unit) -> None:
    """End *session* with what blocks a release of *unit*: what can be seen, or else what is red."""
    faults = [*find_faults(session, unit), *find_unit_bump(session, unit).faults]
    refuse(session, f"{unit.name} cannot be released", faults)
    prove(session, [unit])


def find_faults(session: nox.Session, unit: Unit) -> list[str]:
    """Say everything that keeps *unit* from being released and can be seen without running it."""
    found = [*faults_of_tree(), *unit.faults_of_versions]
    for item in unit.members:
        faults = [*faults_of_siblings(unit, item), *faults_of_member(session, item)]
        found += unit.name_member(item, faults)
    shown = dict.fromkeys(one for item in unit.members for one in shown_by(item))
    return [*found, *faults_of_surfaces(session, shown)]


def faults_of_member(session: nox.Session, item: Distribution) -> list[str]:
    """Say what keeps one distribution from being released."""
    faults = [
        *faults_of_migrations(item),
        *faults_of_version(session, item),
        *faults_of_requirements(session, item),
        *missing_floors(item),
        *faults_of_addresses(item),
        # What was built is what the sessions run with; what is committed is what is published.
        *faults_of_wheel(item, item.wheel),
        *faults_of_builds(session, item),
    ]
    return list(dict.fromkeys(faults))


def faults_of_builds(session: nox.Session, item: Distribution) -> Iterator[str]:
    """Build what is committed as it would be published, and find what speaks against that."""
    with tempfile.TemporaryDirectory() as made:
        _, faults = make_release(session, "HEAD", item.short, Path(made))
    yield from faults
