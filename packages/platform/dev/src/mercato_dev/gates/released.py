"""Compare a distribution with what was released: its migrations, version and requirements."""

import os
from collections.abc import Iterator

import nox
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mercato_dev.distributions import DISTRIBUTIONS, Distribution
from mercato_dev.floors import floor
from mercato_dev.history import find_last_release, find_releases, git
from mercato_dev.indexes import Published, releases


def faults_of_migrations(item: Distribution) -> Iterator[str]:
    """Find migrations that were changed since they were released."""
    # A maintenance branch of 1.0 does not have the migrations of 2.0.
    last = find_last_release(item)
    if last is None:
        return
    migrations = str(item.source / item.module / "migrations/versions")
    changed = ["diff", "--name-only", "--no-renames", "--diff-filter=a"]
    for file in git(*changed, last.tag, "--", migrations):
        yield f"{file} was released with {last.tag} and has changed: write a new migration"


def faults_of_version(session: nox.Session, item: Distribution) -> Iterator[str]:
    """Find published versions without a tag that the next version could collide with."""
    tagged = {one.version for one in find_releases(item)}
    for published in find_published(session, item):
        version = published.version
        if version not in tagged and version >= Version(item.project["version"]):
            yield (
                f"{item.name} {version} is in the index already, and has no tag here:"
                " git fetch --tags, or raise the version above it"
            )


def faults_of_requirements(session: nox.Session, item: Distribution) -> Iterator[str]:
    """Find requirements on our own distributions that no released version satisfies.

    Tests cannot find them, because they run with the unreleased wheels of this repository.
    """
    # Members of one unit are released together.
    ours = {one.name: one for one in DISTRIBUTIONS if one.unit != item.unit}
    for text in item.requirements:
        requirement = Requirement(text)
        if other := ours.get(canonicalize_name(requirement.name)):
            yield from faults_of_range(session, text, requirement, other)


def faults_of_range(
    session: nox.Session, text: str, requirement: Requirement, other: Distribution
) -> Iterator[str]:
    """Check that a release of *other* satisfies a requirement, and that its floor is a release."""
    released = find_usable(session, other)
    fitting = [version for version in released if requirement.specifier.contains(version)]
    if not fitting:
        listed = ", ".join(map(str, released)) or "there is none"
        yield (
            f"{text}: no released version of {other.unit} satisfies it ({listed}):"
            f" release {other.unit} first"
        )
    elif floor(requirement) not in {None, fitting[0]}:
        yield f"{text}: the floor was never released or tested: the lowest release is {fitting[0]}"


def find_usable(session: nox.Session, item: Distribution) -> list[Version]:
    """Return the tagged or published versions of *item* that are not yanked, lowest first."""
    published = find_published(session, item)
    found = {one.version for one in find_releases(item)} | {one.version for one in published}
    return sorted(found - {one.version for one in published if one.yanked})


def find_published(session: nox.Session, item: Distribution) -> list[Published]:
    """Return what the index in ``MERCATO_INDEX`` has of *item*; nothing without that variable.

    The index of this workspace has only tagged versions, so it is not asked.
    """
    url = os.environ.get("MERCATO_INDEX")
    return releases(session, url, item.name) if url else []
