"""Choose the editions that are tried together, and explain which exclude each other."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mercato_dev.compatibility.editions import Edition, Parts


@dataclass(frozen=True)
class Case:
    """A feature to test, and what of ours is installed with it.

    Args:
        tested: The feature.
        beside: What it requires, and what that requires.
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
        """A key that is equal for two cases with equal wheels."""
        return frozenset(one.made_of for one in self.editions)


@dataclass(frozen=True)
class LeftOut:
    """A combination that is not tried, with the reason."""

    reason: str


def cases_of_foundation(
    new: str,
    foundations: Mapping[str, Parts],
    features: Sequence[Edition],
    released: Mapping[str, Sequence[Parts]],
) -> Iterator[Case | LeftOut]:
    """Combine each released feature with a new version of a unit that features require.

    Once with the newest releases of the other units, as in a deployment that upgrades only this
    unit; once with the new versions of all units.

    Args:
        new: The unit to be released, e.g. ``platform``.
        foundations: The new versions of all units that features require, by unit.
        features: The releases of all features.
        released: The releases of those units, by unit, newest first.
    """
    shorts = units_by_name(foundations)
    others = [released[unit] for unit in foundations if unit != new]
    everything = [edition for parts in foundations.values() for edition in parts]
    for feature in features:
        yield put_together(feature, foundations[new], others, shorts)
        # The unit to be released comes first.
        yield put_together(feature, [*foundations[new], *everything], [], shorts)


def units_by_name(foundations: Mapping[str, Parts]) -> dict[str, str]:
    """Return the unit of each distribution, by its name."""
    return {edition.name: unit for unit, parts in foundations.items() for edition in parts}


def cases_of_feature(
    new: Edition, shorts: Mapping[str, str], released: Mapping[str, Sequence[Parts]]
) -> Iterator[Case | LeftOut]:
    """Combine a new feature with each release of each unit that it requires.

    The other units have their newest release that fits.

    Args:
        new: The feature to be released.
        shorts: The unit of each distribution that features require, by name.
        released: The releases of those units, by unit, newest first.
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
    """Return the newest combination that fits a feature, or why the newest one does not fit.

    Args:
        tested: The feature.
        fixed: Editions in every combination. The feature must require the unit of the first.
        choices: The versions of each other unit, newest first; one of each is chosen.
        shorts: The unit of each distribution that features require, by name.
    """
    reasons = []
    for chosen in itertools.product(*filter(None, choices)):
        case = Case(tested, needed(tested, [*fixed, *itertools.chain(*chosen)]))
        objections = list(find_objections(case, shorts))
        if fixed[0].short not in {one.short for one in case.beside}:
            objections.append(f"{tested.label} does not require {fixed[0].short}: not tried")
        if not objections:
            return case
        reasons += objections
    return LeftOut(reasons[0])


def needed(tested: Edition, pool: Sequence[Edition]) -> tuple[Edition, ...]:
    """Return the editions in *pool* that a feature and its tests require, directly or not."""
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
    """Find requirements that exclude an edition of the case, or that nothing meets."""
    present = {one.name: one for one in case.editions}
    units = {one.short: one for one in case.beside}
    for owner in case.editions:
        who = owner.label if owner is case.tested else f"{case.tested.label}: {owner.label}"
        tests = owner.test_requirements if owner is case.tested else []
        for requirement in [*owner.requirements, *tests]:
            name = canonicalize_name(requirement.name)
            if name in shorts and name not in present and shorts[name] in units:
                # It joined its unit later.
                yield f"{who} requires {name}, which {units[shorts[name]].label} lacks: not tried"
            elif name in shorts and name not in present:
                yield f"{who} requires {shorts[name]}, which has no release: not tried"
            elif name in present and (limits := broken_limits(requirement, present[name].version)):
                one = present[name]
                yield f"{who} requires {one.short} {limits}: not tried with {one.version}"


def broken_limits(requirement: Requirement, version: Version) -> str:
    """Return the part of a range that excludes *version*, e.g. ``<2``; empty if none does."""
    # A wheel that is given by path may be a pre-release.
    limits = [
        str(one) for one in requirement.specifier if not one.contains(version, prereleases=True)
    ]
    return ",".join(limits)
