"""What the requirements of a distribution have against a release."""

from collections.abc import Iterator

import nox
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mercato_dev.distributions import DISTRIBUTIONS, Distribution
from mercato_dev.floors import floor
from mercato_dev.gates.released import find_usable


def faults_of_requirements(session: nox.Session, item: Distribution) -> Iterator[str]:
    """Find requirements on our own distributions that nothing meets that was released.

    An environment of this repository meets them with what is new in it, so no test would tell.
    """
    # What is of the same unit is released in the same moment.
    ours = {one.name: one for one in DISTRIBUTIONS if one.unit != item.unit}
    for text in item.requirements:
        requirement = Requirement(text)
        if other := ours.get(canonicalize_name(requirement.name)):
            yield from faults_of_range(session, text, requirement, other)


def faults_of_range(
    session: nox.Session, text: str, requirement: Requirement, other: Distribution
) -> Iterator[str]:
    """Find out whether a release of *other* meets a requirement, and its floor is one of them."""
    released = find_usable(session, other)
    fitting = [version for version in released if requirement.specifier.contains(version)]
    if not fitting:
        listed = ", ".join(map(str, released)) or "there is none"
        yield (
            f"{text}: no released version of {other.unit} satisfies it ({listed}):"
            f" release {other.unit} first"
        )
    elif floor(requirement) not in {None, fitting[0]}:
        yield f"{text}: the floor is no release, so nobody tested it: the lowest is {fitting[0]}"
