"""What a release writes: the version, the changelog, a commit and a tag."""

from collections.abc import Iterator
from contextlib import contextmanager

import nox
from packaging.version import Version

from mercato_dev.distributions import ROOT, WORKSPACE, Distribution
from mercato_dev.environments import run_tool
from mercato_dev.history import Release, find_uncommitted, git
from mercato_dev.units import Unit

WRITTEN = ("pyproject.toml", "CHANGELOG.md", "changes")
"""What a release changes in the folder of a distribution."""


def files_of(unit: Unit, *names: str) -> list[str]:
    """Name the files of a unit that are called so in the folders of its members."""
    folders = [item.folder.relative_to(ROOT) for item in unit.members]
    return [str(folder / name) for folder in folders for name in names]


@contextmanager
def undone_on_failure(session: nox.Session, unit: Unit) -> Iterator[str]:
    """Take back what the block wrote, where it fails or is interrupted; offer the commit before."""
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
    """Write a version into the pyproject.toml of a distribution, if it says another."""
    if Version(item.project["version"]) != version:
        with session.chdir(item.folder):
            run_tool(session, "release", "hatch", "version", str(version))


def write_changelog(session: nox.Session, item: Distribution, version: Version) -> None:
    """Turn the fragments of a distribution into a section of its changelog."""
    run_towncrier(session, item, version, "--yes", silent=True)


def draft_changelog(session: nox.Session, item: Distribution, version: Version) -> None:
    """Show the section that the changelog would get."""
    run_towncrier(session, item, version, "--draft", silent=False)


def run_towncrier(
    session: nox.Session, item: Distribution, version: Version, option: str, *, silent: bool
) -> None:
    """Run towncrier for one distribution, with the settings of the root."""
    command = ["towncrier", "build", option, f"--config={WORKSPACE}", f"--dir={item.folder}"]
    command += [f"--name={item.name}", f"--version={version}"]
    run_tool(session, "release", *command, silent=silent)


def commit(session: nox.Session, unit: Unit, release: Release, head: str) -> None:
    """Commit what a release wrote, and tag it: both or neither.

    Args:
        session: The one that releases.
        unit: What is released.
        release: As what.
        head: The commit that it was proven on. Where anything else changed since, that was not
            proven, and there is no release.
    """
    others = (f":(exclude){file}" for file in files_of(unit, *WRITTEN))
    if strangers := find_uncommitted(".", *others):
        session.error(f"Something changed while it was proven: {', '.join(strangers)}")
    if [head] != git("rev-parse", "HEAD"):
        session.error("Something was committed while it was proven: release again")
    # The fragments are staged by towncrier.
    git("add", "--", *files_of(unit, "pyproject.toml", "CHANGELOG.md"))
    git("commit", "--quiet", f"--message={message_of(release)}")
    try:
        git("tag", "--annotate", f"--message={unit.name} {release.version}", release.tag)
    except BaseException:
        git("reset", "--quiet", "--soft", head)
        raise


def message_of(release: Release) -> str:
    """Write the message of the commit of a release."""
    return f"{release.short}: release {release.version}"
