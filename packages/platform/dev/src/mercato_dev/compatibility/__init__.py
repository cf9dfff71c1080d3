"""Test that new versions work with released ones, with the tests of the features."""

import os
import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import nox
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mercato_dev.compatibility.cases import (
    Case,
    LeftOut,
    cases_of_feature,
    cases_of_foundation,
    units_by_name,
)
from mercato_dev.compatibility.editions import Parts, fetch_parts, parts_here
from mercato_dev.compatibility.trial import Broken, try_case
from mercato_dev.distributions import Distribution
from mercato_dev.indexes import Published, chosen_index, releases
from mercato_dev.publish import publish_tags
from mercato_dev.refusal import refuse
from mercato_dev.units import UNITS, Unit

FEATURES = [unit for unit in UNITS if unit.is_feature]

FOUNDATIONS = [unit for unit in UNITS if not unit.is_feature]
"""What features require: the platform, and the contracts."""


def prove_compatible(session: nox.Session, unit: Unit) -> None:
    """Try *unit* with released versions; end *session* with all combinations that fail.

    Combinations that are left out are printed; they are not failures.
    """
    released = fetch_released(session, unit)
    cases = sift(session, find_cases(unit, released))
    if not cases:
        session.log(f"There is no release to try with {unit.name}.")
    failures = []
    for number, case in enumerate(cases, start=1):
        session.log(f"{number} of {len(cases)}: {case}")
        started = time.monotonic()
        try:
            outcome = try_case(session, case)
        except Broken as broken:
            outcome = str(broken)
            failures.append(f"compat({unit.short}) breaks {case}: {broken}")
        session.log(f"{outcome}, in {time.monotonic() - started:.0f} s")
    refuse(session, "Not everything works together", failures)


def fetch_released(session: nox.Session, unit: Unit) -> dict[str, list[Parts]]:
    """Download the releases that *unit* must work with, by unit, newest first.

    They come from the index in ``MERCATO_INDEX``; without it, they are the tags.
    """
    if not os.environ.get("MERCATO_INDEX"):
        publish_tags(session)
    partners = FOUNDATIONS if unit.is_feature else [*FEATURES, *FOUNDATIONS]
    with chosen_index(session) as index:
        return {
            one.short: [
                fetch_parts(session, index.url, one, members)
                for members in find_versions(session, index.url, one)
                if all(is_tried(session, item, published) for item, published in members.items())
            ]
            for one in partners
        }


def find_versions(
    session: nox.Session, url: str, unit: Unit
) -> list[dict[Distribution, Published]]:
    """Return each version of a unit in an index with its published members, newest first."""
    found: dict[Version, dict[Distribution, Published]] = {}
    for item in unit.members:
        for published in releases(session, url, item.name):
            found.setdefault(published.version, {})[item] = published
    return [found[version] for version in sorted(found, reverse=True)]


def is_tried(session: nox.Session, item: Distribution, published: Published) -> bool:
    """Return whether installers choose a release by default here; print why not."""
    reason = None
    if published.yanked:
        reason = "is yanked"
    elif published.version.is_prerelease:
        reason = "is a pre-release"
    else:
        wanted = {file.requires_python or "" for file in published.files}
        python = platform.python_version()
        if not all(SpecifierSet(one).contains(python, prereleases=True) for one in wanted):
            reason = f"requires Python {', '.join(sorted(wanted))}"
    if reason:
        session.log(f"{item.short} {published.version} {reason}: not tried")
    return reason is None


def find_cases(unit: Unit, released: Mapping[str, Sequence[Parts]]) -> Iterator[Case | LeftOut]:
    """Return what *unit* is tried with; see :mod:`mercato_dev.compatibility.cases`."""
    here = {one.short: parts_here(one) for one in FOUNDATIONS}
    if unit.is_feature:
        (new,) = parts_here(unit)
        yield from cases_of_feature(new, units_by_name(here), released)
    else:
        features = [one for feature in FEATURES for (one,) in released[feature.short]]
        yield from cases_of_foundation(unit.short, here, features, released)


def sift(session: nox.Session, found: Iterable[Case | LeftOut]) -> list[Case]:
    """Return each case once; print each reason to leave one out once."""
    cases: dict[frozenset[str], Case] = {}
    reasons: dict[str, None] = {}
    for one in found:
        if isinstance(one, LeftOut):
            reasons[one.reason] = None
        else:
            cases.setdefault(one.made_of, one)
    for reason in reasons:
        session.log(reason)
    return list(cases.values())
