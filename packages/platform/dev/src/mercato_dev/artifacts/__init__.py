"""Releases, made of a commit, and checked before anybody can see them."""

from collections.abc import Iterator
from pathlib import Path

import nox
from nox.command import CommandFailed

from mercato_dev.artifacts.builds import ELSEWHERE, Built, build_release, rebuild_wheel
from mercato_dev.artifacts.comparison import differences
from mercato_dev.artifacts.contents import faults_of_sdist, faults_of_wheel
from mercato_dev.artifacts.metadata import faults_of_metadata
from mercato_dev.distributions import Distribution, find_distribution, find_distributions
from mercato_dev.environments import run_tool
from mercato_dev.history import checked_out, committed_at


def make_release(
    session: nox.Session, revision: str, short: str, folder: Path
) -> tuple[Built, list[str]]:
    """Build what is published of one distribution, as it is in a commit, and check it.

    Args:
        session: Who builds.
        revision: A tag, or another name of a commit. What is not committed has no part in it.
        short: The folder of the distribution.
        folder: Where the files go, and what is built to compare them with.

    Returns:
        The files, and what speaks against publishing them.
    """
    epoch = committed_at(revision)
    with checked_out(revision) as here, checked_out(revision) as elsewhere:
        one = find_committed(session, here, short)
        other = find_committed(session, elsewhere, short)
        built = build_release(session, one, folder, epoch=epoch)
        again = build_release(session, other, folder / "again", epoch=epoch, place=ELSEWHERE)
        unpacked = rebuild_wheel(session, built.sdist, folder / "unpacked", epoch=epoch)
    # A build may leave something among the sources.
    with checked_out(revision) as untouched:
        ours = [item.name for item in find_distributions(untouched)]
        item = find_committed(session, untouched, short)
        faults = [
            *faults_of_builds(built, again, unpacked),
            *faults_of_wheel(item, built.wheel),
            *faults_of_sdist(item, built.sdist),
            *faults_of_metadata(item, built.wheel, built.sdist, ours),
            *faults_of_rendering(session, built),
        ]
    return built, faults


def find_committed(session: nox.Session, tree: Path, short: str) -> Distribution:
    """Find a distribution in the files of a commit; fail the session if it is not there."""
    try:
        return find_distribution(short, tree)
    except LookupError as error:
        session.error(f"In this commit, {error}")


def faults_of_builds(built: Built, again: Built, unpacked: Path) -> Iterator[str]:
    """Find what depends on when, where, or of what copy of the sources it was built."""
    for one, other in ((built.wheel, again.wheel), (built.sdist, again.sdist)):
        for name in differences(one, other):
            yield f"two builds of {one.name} differ: {name}"
    for name in differences(built.wheel, unpacked):
        yield f"{built.wheel.name}, built from the sdist, differs: {name}"


def faults_of_rendering(session: nox.Session, built: Built) -> Iterator[str]:
    """Ask twine whether an index could show the readme."""
    files = [str(file) for file in (built.wheel, built.sdist)]
    try:
        run_tool(session, "publish", "twine", "check", "--strict", *files)
    except CommandFailed:
        yield "twine refuses the readme: what it says is above"
