"""Whether what is new here works with what was released, proven by the features' own tests."""

import os
import platform
import time
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence

import nox
from packaging.specifiers import SpecifierSet

from workspace.compatibility.cases import Case
from workspace.compatibility.cases import LeftOut
from workspace.compatibility.cases import cases_of_feature
from workspace.compatibility.cases import cases_of_platform
from workspace.compatibility.editions import Edition
from workspace.compatibility.editions import edition_here
from workspace.compatibility.editions import fetch_edition
from workspace.compatibility.trying import Broken
from workspace.compatibility.trying import try_case
from workspace.distributions import DISTRIBUTIONS
from workspace.distributions import Distribution
from workspace.indexes import Published
from workspace.indexes import chosen_index
from workspace.indexes import releases
from workspace.publishing import publish_tags
from workspace.refusing import refuse

FEATURES = [item for item in DISTRIBUTIONS if item.is_feature]
PLATFORM = [item for item in DISTRIBUTIONS if not item.is_feature]


def prove_compatible(session: nox.Session, item: Distribution) -> None:
    """Try *item* with what was released; end *session* if anything does not work with it.

    Every case is tried before that. What is left out is named, and is no failure.
    """
    released = fetch_released(session, item)
    cases = sift(session, find_cases(item, released))
    if not cases:
        session.log(f"Nothing that was released is to be tried with {item.name}.")
    failures = []
    for number, case in enumerate(cases, start=1):
        session.log(f"{number} of {len(cases)}: {case}")
        started = time.monotonic()
        try:
            said = try_case(session, case)
        except Broken as broken:
            said = str(broken)
            failures.append(f"compat({item.short}) breaks {case}: {broken}")
        session.log(f"{said}, in {time.monotonic() - started:.0f} s")
    refuse(session, "Not everything works together", failures)


def fetch_released(session: nox.Session, item: Distribution) -> dict[str, list[Edition]]:
    """Take from the index what *item* has to work with, by name, the newest first.

    Where no other index is named, what was released is what has a tag.
    """
    if not os.environ.get("MERCATO_INDEX"):
        publish_tags(session)
    partners = PLATFORM if item.is_feature else [*FEATURES, *PLATFORM]
    with chosen_index(session) as index:
        return {
            one.name: [
                fetch_edition(session, index.url, one, published)
                for published in releases(session, index.url, one.name)
                if is_tried(session, one, published)
            ]
            for one in partners
        }


def is_tried(session: nox.Session, item: Distribution, published: Published) -> bool:
    """Tell whether anybody would get a release who does not ask for it; say so if not."""
    reason = None
    if published.yanked:
        reason = "is yanked"
    elif published.version.is_prerelease:
        reason = "is a pre-release"
    else:
        wanted = {file.requires_python or "" for file in published.files}
        python = platform.python_version()
        if not all(SpecifierSet(one).contains(python, prereleases=True) for one in wanted):
            reason = f"wants Python {', '.join(sorted(wanted))}"
    if reason:
        session.log(f"{item.short} {published.version} {reason}: not tried")
    return reason is None


def find_cases(
    item: Distribution, released: Mapping[str, Sequence[Edition]]
) -> Iterator[Case | LeftOut]:
    """Find what *item* is to be tried with: see :mod:`workspace.compatibility.cases`."""
    shorts = {one.name: one.short for one in PLATFORM}
    new = edition_here(item)
    if item.is_feature:
        yield from cases_of_feature(new, shorts, released)
    else:
        features = [edition for one in FEATURES for edition in released[one.name]]
        here = [edition_here(one) for one in PLATFORM]
        yield from cases_of_platform(new, here, features, released)


def sift(session: nox.Session, found: Iterable[Case | LeftOut]) -> list[Case]:
    """Keep each case once; say once of each that is left out why it is."""
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
