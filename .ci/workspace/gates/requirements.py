"""What the requirements of a distribution have against a release."""

from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from workspace.distributions import DISTRIBUTIONS
from workspace.distributions import Distribution

CEILINGS = ("<", "<=", "==", "~=")


def faults_of_requirements(item: Distribution) -> Iterator[str]:
    """Find requirements that an index would not take, or that nothing limits."""
    ours = {one.name for one in DISTRIBUTIONS} - {item.name}
    extras = item.project.get("optional-dependencies", {}).values()
    declared = [*item.project.get("dependencies", []), *(one for some in extras for one in some)]
    for requirement in map(Requirement, declared):
        operators = {one.operator for one in requirement.specifier}
        if requirement.url:
            yield f"{requirement} is a direct URL"
        elif canonicalize_name(requirement.name) in ours and operators.isdisjoint(CEILINGS):
            yield f"{requirement} has no ceiling, and the next major version may be anything"
