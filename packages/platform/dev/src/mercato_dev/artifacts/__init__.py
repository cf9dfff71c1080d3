"""Build the files of a release from a commit, and check them before they are published."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nox
from nox.command import CommandFailed

from mercato_dev.artifacts.builds import ELSEWHERE, HERE, Built, build_release, rebuild_wheel
from mercato_dev.artifacts.comparison import differences
from mercato_dev.artifacts.contents import faults_of_sdist, faults_of_wheel
from mercato_dev.artifacts.metadata import faults_of_metadata
from mercato_dev.distributions import Distribution, find_distribution, find_distributions
from mercato_dev.environments import run_tool
from mercato_dev.history import checked_out, committed_at


@dataclass(frozen=True)
class Made:
    """The files of one distribution, and their faults."""

    short: str
    built: Built
    faults: list[str]


def make_release(
    session: nox.Session, revision: str, names: Sequence[str], folder: Path
) -> list[Made]:
    """Build and check distributions as they are in a commit.

    Args:
        session: The session.
        revision: A tag or commit. Uncommitted files have no effect.
        names: The folders of the distributions.
        folder: An empty folder for the files.
    """
    epoch = committed_at(revision)
    # The third worktree is compared with, because a build may write files among the sources.
    with checked_out(revision) as here, checked_out(revision) as again, checked_out(revision) as it:
        ours = [item.name for item in find_distributions(it)]
        made = []
        for short in names:
            one, other, clean = (find_committed(session, tree, short) for tree in (here, again, it))
            made_in = folder / short
            built = build_release(session, one, made_in, epoch=epoch, place=HERE)
            twin = build_release(session, other, made_in / "again", epoch=epoch, place=ELSEWHERE)
            unpacked = rebuild_wheel(session, built.sdist, made_in / "unpacked", epoch=epoch)
            faults = [
                *faults_of_builds(built, twin, unpacked),
                *faults_of_wheel(clean, built.wheel),
                *faults_of_sdist(clean, built.sdist),
                *faults_of_metadata(clean, built.wheel, built.sdist, ours),
                *faults_of_rendering(session, built),
            ]
            made.append(Made(short, built, faults))
        return made


def find_committed(session: nox.Session, tree: Path, short: str) -> Distribution:
    """Return a distribution in a worktree; end the session if it is not there."""
    try:
        return find_distribution(short, tree)
    except LookupError as error:
        session.error(f"In this commit, {error}")


def faults_of_builds(built: Built, again: Built, unpacked: Path) -> Iterator[str]:
    """Find differences between builds at another time, in another place, and from the sdist."""
    for one, other in ((built.wheel, again.wheel), (built.sdist, again.sdist)):
        for name in differences(one, other):
            yield f"two builds of {one.name} differ: {name}"
    for name in differences(built.wheel, unpacked):
        yield f"{built.wheel.name}, built from the sdist, differs: {name}"


def faults_of_rendering(session: nox.Session, built: Built) -> Iterator[str]:
    """Check with twine that an index can render the readme."""
    files = [str(file) for file in (built.wheel, built.sdist)]
    try:
        run_tool(session, "publish", "twine", "check", "--strict", *files)
    except CommandFailed:
        yield "twine refuses the readme: see its output above"
