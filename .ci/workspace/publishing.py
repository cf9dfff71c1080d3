"""Releases on their way from a tag to an index, as often as it takes, with the same end."""

import argparse
import difflib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import urlsplit

import nox
from nox.command import CommandFailed

from workspace.addresses import HOME
from workspace.addresses import IS_KNOWN
from workspace.building import Built
from workspace.building import differences
from workspace.distributions import DISTRIBUTIONS
from workspace.distributions import Distribution
from workspace.environments import PLAIN
from workspace.history import Release
from workspace.history import checked_out
from workspace.history import find_releases
from workspace.history import git
from workspace.history import parse_tag
from workspace.indexes import LOCAL
from workspace.indexes import Index
from workspace.indexes import fetch
from workspace.indexes import releases
from workspace.indexes import serving
from workspace.making import find_distribution
from workspace.making import make_release
from workspace.metadata import faults_of_changelog

# Where uploads go, and where installers find them.
KNOWN = {
    "https://upload.pypi.org/legacy/": "https://pypi.org/simple/",
    "https://test.pypi.org/legacy/": "https://test.pypi.org/simple/",
}
HELP = """
Builds the tag twice, in two clean worktrees, and checks that both are the same, byte for byte, and
hold what they should. Says what it would upload; with --to, uploads it, and reads it back.

    nox -s publish -- orders-v1.2.0
    nox -s publish -- orders-v1.2.0 --local
    nox -s publish -- orders-v1.2.0 --to https://upload.pypi.org/legacy/

Credentials come from the environment, as `uv publish` knows them: UV_PUBLISH_TOKEN, or
UV_PUBLISH_USERNAME and UV_PUBLISH_PASSWORD, or a keyring (UV_KEYRING_PROVIDER=subprocess). In
GitHub Actions, PyPI trusts the workflow itself, and none are needed.

When it was interrupted, run it again: what has arrived is not sent twice.
"""
# The credentials of an index that asks for none; those for another are nothing to it.
ANYONE = {
    "UV_PUBLISH_TOKEN": None,
    "UV_PUBLISH_USERNAME": "anyone",
    "UV_PUBLISH_PASSWORD": "anything",
}
# An index may take a while to show what it took.
LOOKS = 20
SECONDS_BETWEEN_LOOKS = 3


def publish_release(session: nox.Session) -> None:
    """Do what was typed behind ``--``."""
    wanted = read_arguments(session.posargs)
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


def read_arguments(words: list[str]) -> argparse.Namespace:
    """Read what is to be published, and where."""
    parser = argparse.ArgumentParser(
        prog="nox -s publish --",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tag", help="what is published: orders-v1.2.0")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--to", metavar="URL", help="where to upload it; or `local`")
    where.add_argument(
        "--local", action="store_const", const="local", dest="to", help="upload it to var/index"
    )
    parser.add_argument(
        "--index",
        metavar="URL",
        default=None,
        help="where installers find it (the simple API); known of PyPI, else MERCATO_INDEX",
    )
    wanted = parser.parse_args(words)
    for url in (wanted.to, wanted.index):
        if url and urlsplit(url).password:
            parser.error("a password has no place on a command line; see --help")
    if wanted.to != "local":
        wanted.index = wanted.index or KNOWN.get(wanted.to) or os.environ.get("MERCATO_INDEX")
    if wanted.to and wanted.to != "local" and not wanted.index:
        parser.error("--index is needed, too: where can be read what was uploaded?")
    return wanted


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
            " get it again, whole: git fetch --tags --force"
        )
    if not release.is_on_main:
        session.error(
            f"The commit of {tag} is not on main. Merge it first; where main was not fetched:"
            " git fetch origin main:refs/remotes/origin/main"
        )
    return release


def make(session: nox.Session, release: Release, folder: Path) -> tuple[str, Built]:
    """Build a release and check it; fail the session with all that speaks against it.

    Returns:
        What the index calls the distribution, and the files.
    """
    with checked_out(release.tag) as tree:
        item = find_distribution(session, tree, release.short)
        name, version = item.name, item.project["version"]
        faults = list(faults_of_changelog(item))
    if version != str(release.version):
        session.error(f"{release.tag} is a tag of {name} {version}: tag and version must agree.")
    session.log(f"Building {release.tag} twice.")
    built, more = make_release(session, release.tag, release.short, folder)
    if faults := faults + more:
        listed = "".join(f"\n  {fault}" for fault in faults)
        session.error(f"{release.tag} cannot be published:{listed}")
    return name, built


def files_of(built: Built) -> Iterator[Path]:
    """Name the files in the order in which they are uploaded: first what most people install."""
    yield from (built.wheel, built.sdist)


def find_absent(session: nox.Session, index: Index, name: str, built: Built) -> list[Path]:
    """Find the files that an index lacks.

    What it has under the same name and is not the same fails the session: installers have seen it.
    """
    there = {file.name: file for one in releases(session, index.url, name) for file in one.files}
    for file in files_of(built):
        known = there.get(file.name)
        if known is None or known.sha256 == sha256(file):
            continue
        with tempfile.TemporaryDirectory() as made:
            theirs = fetch(session, index.url, name, known, Path(made))
            inside = ", ".join(differences(file, theirs))
        session.error(
            f"The index has another {file.name}, with other bytes: sha256 {known.sha256}, and not"
            f" {sha256(file)}. They differ in: {inside}. A version is published once: release the"
            " next one"
        )
    return [file for file in files_of(built) if file.name not in there]


def deliver(
    session: nox.Session, index: Index, name: str, built: Built, absent: list[Path]
) -> None:
    """Upload what is absent, and wait until the index shows what was built.

    By environment, because an address may hold a password. What arrives meanwhile from elsewhere
    is compared by uv itself.
    """
    env = PLAIN | {
        "UV_PUBLISH_INDEX": None,
        "UV_PUBLISH_URL": index.upload,
        "UV_PUBLISH_CHECK_URL": index.url,
    }
    if index.is_ours:
        env |= ANYONE
    if absent:
        try:
            session.run("uv", "publish", *map(str, absent), env=env)
        except CommandFailed:
            session.error(
                "Not everything was uploaded; uv says why. Run it again: nothing is sent twice"
            )
    for _ in range(LOOKS):
        if not find_absent(session, index, name, built):
            return
        time.sleep(SECONDS_BETWEEN_LOOKS)
    session.error("The index does not show what was uploaded. Run it again to look again")


def sha256(file: Path) -> str:
    """Hash a file as indexes do."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
