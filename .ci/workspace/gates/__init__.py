"""What blocks the release of a distribution."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import nox

from workspace.artifacts import make_release
from workspace.artifacts.contents import faults_of_wheel
from workspace.bumps import find_bump
from workspace.distributions import Distribution
from workspace.floors import missing_floors
from workspace.gates.proving import prove
from workspace.gates.released import faults_of_version
from workspace.gates.requirements import faults_of_requirements
from workspace.gates.tree import faults_of_tree
from workspace.home import faults_of_addresses
from workspace.refusing import refuse
from workspace.surfaces.changes import shown_by
from workspace.surfaces.snapshots import faults_of_surfaces


def pass_gates(session: nox.Session, item: Distribution) -> None:
    """End *session* with what blocks a release of *item*: what can be seen, or else what is red."""
    faults = [*find_faults(session, item), *find_bump(session, item).faults]
    refuse(session, f"{item.name} cannot be released", faults)
    prove(session, [item])


def find_faults(session: nox.Session, item: Distribution) -> list[str]:
    """Say everything that keeps *item* from being released and can be seen without running it."""
    faults = [
        *faults_of_tree(item),
        *faults_of_version(session, item),
        *faults_of_requirements(session, item),
        *missing_floors(item),
        *faults_of_addresses(item),
        # What was built is what the sessions run with; what is committed is what is published.
        *faults_of_wheel(item, item.wheel),
        *faults_of_builds(session, item),
        *faults_of_surfaces(session, shown_by(item)),
    ]
    return list(dict.fromkeys(faults))


def faults_of_builds(session: nox.Session, item: Distribution) -> Iterator[str]:
    """Build what is committed as it would be published, and find what speaks against that."""
    with tempfile.TemporaryDirectory() as made:
        _, faults = make_release(session, "HEAD", item.short, Path(made))
    yield from faults
