"""What was released already, and so cannot be again, or can be relied on."""

import os
from collections.abc import Iterator

import nox
from packaging.version import Version

from mercato_dev.distributions import Distribution
from mercato_dev.history import find_releases
from mercato_dev.indexes import Published, releases


def find_published(session: nox.Session, item: Distribution) -> list[Published]:
    """Ask the index that ``MERCATO_INDEX`` names what it has of *item*; nothing if none is named.

    The workspace's own index has nothing that has no tag.
    """
    url = os.environ.get("MERCATO_INDEX")
    return releases(session, url, item.name) if url else []


def find_usable(session: nox.Session, item: Distribution) -> list[Version]:
    """Find what may be required of *item*, the lowest first: tagged or published, not yanked."""
    published = find_published(session, item)
    found = {one.version for one in find_releases(item)} | {one.version for one in published}
    return sorted(found - {one.version for one in published if one.yanked})


def faults_of_version(session: nox.Session, item: Distribution) -> Iterator[str]:
    """Find versions that somebody has published, and that the next one could collide with."""
    tagged = {one.version for one in find_releases(item)}
    for published in find_published(session, item):
        if published.version not in tagged and published.version >= Version(
            item.project["version"]
        ):
            yield (
                f"{item.name} {published.version} is in the index already, and has no tag here:"
                " git fetch --tags, or raise the version above it"
            )
