"""What the requirements of a distribution have against a release."""

from collections.abc import Iterator

from packaging.requirements import Requirement

from workspace.distributions import EVERYTHING
from workspace.distributions import Distribution
from workspace.metadata import faults_of_limits


def faults_of_requirements(item: Distribution) -> Iterator[str]:
    """Find requirements that an index would not take, or that nothing limits."""
    extras = item.project.get("optional-dependencies", {}).values()
    declared = [*item.project.get("dependencies", []), *(one for some in extras for one in some)]
    yield from faults_of_limits(list(map(Requirement, declared)), {*EVERYTHING} - {item.name})
