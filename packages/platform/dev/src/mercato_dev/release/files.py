"""Write a release: version, changelog, commit and tag."""

from collections.abc import Iterator
from contextlib import contextmanager

import nox
from packaging.version import Version

from mercato_dev.distributions import ROOT, WORKSPACE, Distribution
from mercato_dev.environments import PLAIN, run_tool
from mercato_dev.history import Release, find_uncommitted, git
from mercato_dev.units import Unit

WRITTEN = ("pyproject.toml", "CHANGELOG.md", "changes")
"""The files of a distribution that a release changes."""


def files_of(unit: Unit, *names: str) -> list[str]:
    """Return the paths of *names* in the folders of all members."""
    folders = [item.folder.relative_to(ROOT) for item in unit.members]
    return [str(folder / name) for folder in folders for name in names]


@contextmanager
def undone_on_failure(session: nox.Session, unit: Unit) -> Iterator[str]:
    """Yield the current commit; restore the unit's files if the block fails or is interrupted."""
    (head,) = git("rev-parse", "HEAD")
    # A member without fragments may have no folder for them.
    files = git("ls-files", "--", *files_of(unit, *WRITTEN))
    try:
        yield head
    except BaseException:
        git("restore", "--staged", "--worktree", "--", *files)
        session.log(f"{unit.name} is not released; its files are as they were.")
        raise


def write_version(session: nox.Session, item: Distribution, version: Version) -> None:
    """Write the version into the pyproject.toml of a distribution."""
    command = ["uv", "version", "--frozen", f"--project={item.folder}", str(version)]
    session.run(*command, env=PLAIN, silent=True, log=False)


def write_changelog(
    session: nox.Session, item: Distribution, version: Version, *, draft: bool = False
) -> None:
    """Turn the fragments of a distribution into a section of its changelog; or print a draft."""
    command = ["towncrier", "build", "--draft" if draft else "--yes", f"--config={WORKSPACE}"]
    command += [f"--dir={item.folder}", f"--name={item.name}", f"--version={version}"]
    run_tool(session, "release", *command, silent=not draft)


def commit(session: nox.Session, unit: Unit, release: Release, head: str) -> None:
    """Commit what a release wrote, and tag it: both or neither.

    Args:
        session: The session.
        unit: The unit.
        release: Its new release.
        head: The commit on which it was proven. If anything else changed since then, the session
            fails, because the change was not part of the proof.
    """
    others = (f":(exclude){file}" for file in files_of(unit, *WRITTEN))
    if changed := find_uncommitted(".", *others):
        session.error(f"Something changed during the proof: {', '.join(changed)}")
    if [head] != git("rev-parse", "HEAD"):
        session.error("Something was committed during the proof: release again")
    # towncrier stages the fragments.
    git("add", "--", *files_of(unit, "pyproject.toml", "CHANGELOG.md"))
    git("commit", "--quiet", f"--message={message_of(release)}")
    try:
        git("tag", "--annotate", f"--message={unit.name} {release.version}", release.tag)
    except BaseException:
        git("reset", "--quiet", "--soft", head)
        raise


def message_of(release: Release) -> str:
    """Return the message of a release's commit."""
    return f"{release.short}: release {release.version}"
