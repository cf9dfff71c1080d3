"""What blocks the release of a distribution."""

from collections.abc import Iterator

import nox

from workspace.addresses import faults_of_addresses
from workspace.contents import faults_of_wheel
from workspace.distributions import Distribution
from workspace.gates.requirements import faults_of_requirements
from workspace.gates.tree import faults_of_tree


def find_faults(session: nox.Session, item: Distribution) -> Iterator[str]:  # noqa: ARG001
    """Say everything that keeps *item* from being released and can be seen without running it."""
    yield from faults_of_tree(item)
    yield from faults_of_requirements(item)
    yield from faults_of_addresses(item)
    yield from faults_of_wheel(item, item.wheel)
