"""Which editions are tried together, and which exclude each other by their ranges."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mercato_dev.compatibility.editions import Edition, Parts


@dataclass(frozen=True)
class Case:
    """A feature that is tested, and what of ours is installed with it.

    Args:
        tested: Whose tests run.
        beside: What it needs, and what that needs.
    """

    tested: Edition
    beside: tuple[Edition, ...]

    def __str__(self) -> str:
        beside = dict.fromkeys(str(one) for one in self.beside)
        return f"{self.tested} beside {', '.join(beside)}"

    @property
    def editions(self) -> tuple[Edition, ...]:
        """Everything of ours that is installed."""
        return (self.tested, *self.beside)

    @property
    def made_of(self) -> frozenset[str]:
        """What tells two cases apart, however they came about."""
        return frozenset(one.made_of for one in self.editions)


@dataclass(frozen=True)
class LeftOut:
    """Something that is not tried."""

    reason: str


def cases_of_foundation(
    new: str,
    foundations: Mapping[str, Parts],
    features: Sequence[Edition],
    released: Mapping[str, Sequence[Parts]],
) -> Iterator[Case | LeftOut]:
    """Put each released feature beside a new version of what features stand on.

    Once with the newest of the others that were released: what a deployment gets on the day that
    this one is. And once with all that is new.

    Args:
        new: The unit that is to be released, e.g. ``platform``.
        foundations: All that is new of the units that features stand on, by unit.
        features: What was released of every feature.
        released: What was released of those units, by unit, the newest first.
    """
    shorts = units_by_name(foundations)
    others = [released[unit] for unit in foundations if unit != new]
    everything = [edition for parts in foundations.values() for edition in parts]
    for feature in features:
        yield put_together(feature, foundations[new], others, shorts)
        # The unit in question comes first.
        yield put_together(feature, [*foundations[new], *everything], [], shorts)


def units_by_name(foundations: Mapping[str, Parts]) -> dict[str, str]:
    """Say for the name of each distribution which unit it is of."""
    return {edition.name: unit for unit, parts in foundations.items() for edition in parts}


def cases_of_feature(
    new: Edition, shorts: Mapping[str, str], released: Mapping[str, Sequence[Parts]]
) -> Iterator[Case | LeftOut]:
    """Put a new edition of a feature beside each version that was released of what it stands on.

    Each comes with the newest of the other units that fit.

    Args:
        new: What is to be released.
        shorts: The unit of each distribution that features stand on, by name.
        released: What was released of those units, by unit, the newest first.
    """
    for unit, versions in released.items():
        others = [released[other] for other in released if other != unit]
        for parts in versions:
            yield put_together(new, parts, others, shorts)


def put_together(
    tested: Edition,
    fixed: Sequence[Edition],
    choices: Sequence[Sequence[Parts]],
    shorts: Mapping[str, str],
) -> Case | LeftOut:
    """Find the newest versions that fit a feature, or say what the newest have against it.

    Args:
        tested: The feature.
        fixed: What must be there; the feature must need something of the unit of the first.
        choices: What may be there besides: at most one version of each unit, the newest first.
        shorts: The unit of each distribution that features stand on, by name.
    """
    reasons = []
    for chosen in itertools.product(*filter(None, choices)):
        case = Case(tested, needed(tested, [*fixed, *itertools.chain(*chosen)]))
        objections = list(find_objections(case, shorts))
        if fixed[0].short not in {one.short for one in case.beside}:
            objections.append(f"{tested.label} does without {fixed[0].short}: not tried")
        if not objections:
            return case
        reasons += objections
    return LeftOut(reasons[0])


def needed(tested: Edition, pool: Sequence[Edition]) -> tuple[Edition, ...]:
    """Take from *pool* what a feature and its tests need, and what that needs."""
    offered = {one.name: one for one in pool}
    found: dict[str, Edition] = {}
    waiting = [*tested.requirements, *tested.test_requirements]
    while waiting:
        name = canonicalize_name(waiting.pop().name)
        if name in offered and name not in found:
            found[name] = offered[name]
            waiting += offered[name].requirements
    return tuple(found[name] for name in sorted(found))


def find_objections(case: Case, shorts: Mapping[str, str]) -> Iterator[str]:
    """Say which ranges exclude an edition of the case, or ask for what is not there."""
    there = {one.name: one for one in case.editions}
    units = {one.short: one for one in case.beside}
    for owner in case.editions:
        who = owner.label if owner is case.tested else f"{case.tested.label}: {owner.label}"
        tests = owner.test_requirements if owner is case.tested else []
        for requirement in [*owner.requirements, *tests]:
            name = canonicalize_name(requirement.name)
            if name in shorts and name not in there and shorts[name] in units:
                # It joined its unit later.
                yield f"{who} wants {name}, which {units[shorts[name]].label} lacks: not tried"
            elif name in shorts and name not in there:
                yield f"{who} wants {shorts[name]}, of which nothing is released: not tried"
            elif name in there and (limits := broken_limits(requirement, there[name].version)):
                one = there[name]
                yield f"{who} wants {one.short} {limits}: not tried with {one.version}"


def broken_limits(requirement: Requirement, version: Version) -> str:
    """Return the part of a range that excludes *version*: ``<2``; nothing if all admits it."""
    # One of ours that is a pre-release is named by path, so nobody has to ask for those.
    limits = [
        str(one) for one in requirement.specifier if not one.contains(version, prereleases=True)
    ]
    return ",".join(limits)
