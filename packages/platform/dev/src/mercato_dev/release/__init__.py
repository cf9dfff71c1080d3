"""Release units: raise the version, write the changelog, commit and tag. Nothing is uploaded."""

import subprocess
from collections.abc import Iterator

import nox

from mercato_dev.bumps import Bump, find_bump
from mercato_dev.gates import find_faults
from mercato_dev.gates.proof import prove
from mercato_dev.history import Release, find_uncommitted, git
from mercato_dev.interrupts import end_in_order
from mercato_dev.refusal import refuse
from mercato_dev.release.arguments import Wish, read_wish
from mercato_dev.release.files import (
    commit,
    message_of,
    undone_on_failure,
    write_changelog,
    write_version,
)
from mercato_dev.siblings import move_siblings
from mercato_dev.units import Unit

DIRTY = "Commit them. `git restore --staged --worktree .` removes what an interrupted release left"


def run_release(session: nox.Session) -> None:
    """Release the units on the command line one by one; end at the first that cannot be released.

    The wheels must be built.
    """
    wish = read_wish(session.posargs)
    end_in_order()
    try:
        check_repository(session)
        for unit in wish.units:
            # A release changes versions and changelogs: what the first proves of the rest holds.
            release_one(session, unit, wish, workspace=unit is wish.units[0])
    except subprocess.CalledProcessError as error:
        session.error(f"{' '.join(error.cmd)}: {error.stderr.strip()}")


def check_repository(session: nox.Session) -> None:
    """Refuse a repository in which a commit would be lost or would fail."""
    if not any(git("branch", "--show-current")):
        session.error("HEAD is not on a branch, so a commit would be lost: `git switch main`")
    for name in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        git("var", name)


def release_one(session: nox.Session, unit: Unit, wish: Wish, *, workspace: bool) -> None:
    """Release one unit, or print what a release would be; end the session if there are faults.

    Args:
        session: The session.
        unit: The unit.
        wish: What was asked for.
        workspace: Whether to run the sessions that check the whole workspace.
    """
    refuse_halves(session, unit)
    bump = find_bump(session, unit)
    if bump.last and not bump.has_changed:
        session.error(f"Nothing changed since {bump.last.tag}")
    for line in bump.describe():
        session.log(line)
    found = Release(unit.short, bump.version_for(wish.level or bump.level))
    if found.version != bump.version:
        session.log(f"  asked {wish.level}: {found.version}")
    faults = [*find_faults(session, unit), *bump.faults, *faults_of_wish(bump, wish, found)]
    hint = DIRTY if find_uncommitted() else "Fix these first"
    refuse(session, f"{unit.name} {found.version} cannot be released", faults, hint)
    if wish.is_dry_run:
        for item in unit.members:
            write_changelog(session, item, found.version, draft=True)
        session.log(f"Would run nox -s 'gates({unit.short})', and make the tag {found.tag}.")
        return
    with undone_on_failure(session, unit) as head:
        for item in unit.members:
            write_version(session, item, found.version)
            move_siblings(unit, item, found.version)
            write_changelog(session, item, found.version)
        prove(session, [unit], workspace=workspace)
        commit(session, unit, found, head)
    session.log(f"Released {found.tag}, and uploaded nothing. Next: nox -s publish -- {found.tag}")


def refuse_halves(session: nox.Session, unit: Unit) -> None:
    """Refuse to release after a release that was stopped between its commit and its tag."""
    written = Release(unit.short, unit.version)
    if git("log", "-1", "--format=%s") == [message_of(written)] and not is_tagged(written):
        session.error(
            f"A release of {written.tag} was stopped before its tag. Undo its commit, and"
            " release again: `git reset --keep HEAD~1`"
        )


def faults_of_wish(bump: Bump, wish: Wish, release: Release) -> Iterator[str]:
    """Find requests that cannot be met."""
    if wish.level and bump.last is None:
        yield f"the first release has the version in pyproject.toml: not --bump {wish.level}"
    elif wish.level and wish.level < bump.level:
        yield f"asked {wish.level}, the changes need {bump.level}: see above"
    if is_tagged(release):
        yield f"{release.tag} is already a tag of another branch: release from there"


def is_tagged(release: Release) -> bool:
    """Return whether the tag of a release exists, on any branch."""
    return bool(git("tag", "--list", release.tag))
