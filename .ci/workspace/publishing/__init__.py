"""Releases on their way from a tag to an index, as often as it takes, with the same end."""

import argparse
import difflib
import tempfile
from contextlib import AbstractContextManager
from contextlib import nullcontext
from pathlib import Path

import nox

from workspace.artifacts import find_committed
from workspace.artifacts import make_release
from workspace.artifacts.building import Built
from workspace.changelogs import faults_after_release
from workspace.distributions import DISTRIBUTIONS
from workspace.distributions import Distribution
from workspace.history import Release
from workspace.history import checked_out
from workspace.history import find_releases
from workspace.history import git
from workspace.history import parse_tag
from workspace.home import HOME
from workspace.home import IS_KNOWN
from workspace.indexes import LOCAL
from workspace.indexes import Index
from workspace.indexes import serving
from workspace.indexes import sha256
from workspace.publishing.asking import KNOWN
from workspace.publishing.asking import read_arguments
from workspace.publishing.uploading import deliver
from workspace.publishing.uploading import files_of
from workspace.publishing.uploading import find_absent
from workspace.refusing import refuse
from workspace.stopping import end_in_order


def publish_release(session: nox.Session) -> None:
    """Do what was typed behind ``--``."""
    wanted = read_arguments(session.posargs)
    end_in_order()
    if wanted.to in KNOWN and not IS_KNOWN:
        session.error(
            f"The links in the metadata lead to {HOME}, which is an example. Say in [tool.mercato]"
            " of pyproject.toml where the project lives; then gates names each link to change"
        )
    release = find_release(session, wanted.tag)
    with tempfile.TemporaryDirectory() as made:
        name, built = make(session, release, Path(made))
        with open_target(session, wanted) as index:
            absent = find_absent(session, index, name, built) if index else [*files_of(built)]
            for file in files_of(built):
                there = "" if file in absent else " (already there)"
                session.log(
                    f"{file.name}: {file.stat().st_size} bytes, sha256 {sha256(file)}{there}"
                )
            if index and index.upload:
                deliver(session, index, name, built, absent)
                session.log(f"{release.tag} is published.")
            else:
                session.log("Nothing was uploaded. `--to URL` uploads it, `--local` to var/index.")


def publish_tags(session: nox.Session) -> None:
    """Publish to the workspace's own index what was released of this repository and is not there.

    What is there stays as it is, and is not built again.
    """
    lacking = [
        release
        for item in DISTRIBUTIONS
        for release in find_releases(item)
        if not is_local(item, release)
    ]
    if not lacking:
        return
    with serving(session) as index:
        for release in lacking:
            with tempfile.TemporaryDirectory() as made:
                name, built = make(session, release, Path(made))
                deliver(session, index, name, built, find_absent(session, index, name, built))
            session.log(f"{release.tag} is in {LOCAL}.")


def is_local(item: Distribution, release: Release) -> bool:
    """Tell whether the workspace's own index has all files of a release."""
    stem = f"{item.module}-{release.version}"
    return all((LOCAL / f"{stem}{end}").exists() for end in ("-py3-none-any.whl", ".tar.gz"))


def open_target(
    session: nox.Session, wanted: argparse.Namespace
) -> AbstractContextManager[Index | None]:
    """Offer the index to publish to, or to compare with; none, if none was named."""
    if wanted.to == "local":
        return serving(session)
    return nullcontext(Index(wanted.index, wanted.to) if wanted.index else None)


def find_release(session: nox.Session, tag: str) -> Release:
    """Find a release by its tag, and make sure that it is one for good."""
    try:
        release = parse_tag(tag)
    except ValueError as error:
        session.error(str(error))
    tags = git("tag", "--list")
    if tag not in tags:
        close = difflib.get_close_matches(tag, tags)
        hint = f". Similar: {', '.join(close)}" if close else ""
        session.error(f"There is no tag {tag}: `nox -s release` makes it{hint}")
    if not release.is_annotated:
        session.error(
            f"{tag} is a lightweight tag, which may be anybody's. If `nox -s release` made it,"
            " get it again, whole: `git fetch --tags --force`"
        )
    if not release.is_on_main:
        session.error(
            f"The commit of {tag} is not on main. Merge it first; where main was not fetched:"
            " `git fetch origin main:refs/remotes/origin/main`"
        )
    return release


def make(session: nox.Session, release: Release, folder: Path) -> tuple[str, Built]:
    """Build a release and check it; fail the session with all that speaks against it.

    Returns:
        What the index calls the distribution, and the files.
    """
    with checked_out(release.tag) as tree:
        item = find_committed(session, tree, release.short)
        name, version = item.name, item.project["version"]
        faults = list(faults_after_release(item))
    if version != str(release.version):
        session.error(f"{release.tag} is a tag of {name} {version}: tag and version must agree.")
    session.log(f"Building {release.tag} twice.")
    built, more = make_release(session, release.tag, release.short, folder)
    refuse(session, f"{release.tag} cannot be published", faults + more)
    return name, built
