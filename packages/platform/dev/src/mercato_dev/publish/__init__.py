"""Publish tags to an index. Every step can be repeated, with the same result."""

import argparse
import difflib
import tempfile
from collections.abc import Container, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import nox

from mercato_dev.artifacts import make_release
from mercato_dev.artifacts.builds import Built
from mercato_dev.changelogs import faults_after_release
from mercato_dev.distributions import Distribution
from mercato_dev.history import Release, checked_out, find_releases, git, parse_tag
from mercato_dev.home import HOME, IS_KNOWN
from mercato_dev.indexes import LOCAL, Index, serving, sha256
from mercato_dev.interrupts import end_in_order
from mercato_dev.publish.arguments import KNOWN, read_arguments
from mercato_dev.publish.upload import deliver, files_of, find_absent
from mercato_dev.refusal import refuse
from mercato_dev.siblings import faults_of_siblings
from mercato_dev.units import UNITS, Unit, find_unit


def publish_release(session: nox.Session) -> None:
    """Publish the tag on the command line."""
    options = read_arguments(session.posargs)
    end_in_order()
    if options.to in KNOWN and not IS_KNOWN:
        session.error(
            f"The links in the metadata lead to {HOME}, which is an example. Set `home` in"
            " [tool.mercato] of pyproject.toml; then `gates` names each link to change"
        )
    release = find_release(session, options.tag)
    with tempfile.TemporaryDirectory() as folder:
        built = make(session, release, Path(folder))
        with open_target(session, options) as index:
            # Compare everything before anything is uploaded.
            absent = {
                name: find_absent(session, index, name, one) if index else [*files_of(one)]
                for name, one in built.items()
            }
            for name, one in built.items():
                describe_files(session, one, absent[name])
            if index and index.upload:
                for name, one in built.items():
                    deliver(session, index, name, one, absent[name])
                session.log(f"{release.tag} is published.")
            else:
                session.log("Nothing was uploaded. `--to URL` uploads it, `--local` to var/index.")


def describe_files(session: nox.Session, built: Built, absent: Container[Path]) -> None:
    """Print the files of a release, and which of them the index has."""
    for file in files_of(built):
        note = "" if file in absent else " (already there)"
        session.log(f"{file.name}: {file.stat().st_size} bytes, sha256 {sha256(file)}{note}")


def publish_tags(session: nox.Session) -> None:
    """Publish all tags that the index of this workspace does not have; do not build the others."""
    missing = [
        release
        for unit in UNITS
        for release in find_unit_releases(unit)
        if not all(is_local(item, release) for item in unit.members if release.has(item))
    ]
    if not missing:
        return
    with serving(session) as index:
        for release in missing:
            with tempfile.TemporaryDirectory() as folder:
                for name, built in make(session, release, Path(folder)).items():
                    deliver(session, index, name, built, find_absent(session, index, name, built))
            session.log(f"{release.tag} is in {LOCAL}.")


def find_unit_releases(unit: Unit) -> list[Release]:
    """Return the releases of all members of a unit, each once."""
    return list(dict.fromkeys(one for item in unit.members for one in find_releases(item)))


def is_local(item: Distribution, release: Release) -> bool:
    """Return whether the index of this workspace has both files of a release."""
    stem = f"{item.module}-{release.version}"
    return all((LOCAL / f"{stem}{end}").exists() for end in ("-py3-none-any.whl", ".tar.gz"))


def open_target(
    session: nox.Session, options: argparse.Namespace
) -> AbstractContextManager[Index | None]:
    """Open the index to publish to or to compare with; None if none was given."""
    if options.to == "local":
        return serving(session)
    return nullcontext(Index(options.index, options.to) if options.index else None)


def find_release(session: nox.Session, tag: str) -> Release:
    """Return the release of a tag; end the session if the tag is not final."""
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
            f"{tag} is a lightweight tag, which has no author. If `nox -s release` made it,"
            " fetch the annotated tag: `git fetch --tags --force`"
        )
    if not release.is_on_main:
        session.error(
            f"The commit of {tag} is not on main. Merge it first; if main is not fetched:"
            " `git fetch origin main:refs/remotes/origin/main`"
        )
    return release


def make(session: nox.Session, release: Release, folder: Path) -> dict[str, Built]:
    """Build a release and check it; end the session with its faults.

    Returns:
        The files of each member by its name, each after those that it requires.
    """
    with checked_out(release.tag) as tree:
        unit = find_released_unit(session, tree, release)
        names = {item.short: item.name for item in unit.members}
        faults = [*faults_of_unit(unit)]
        session.log(f"Building {release.tag} twice.")
        made = make_release(session, release.tag, list(names), folder)
        for item, one in zip(unit.members, made, strict=True):
            faults += unit.name_member(item, one.faults)
    refuse(session, f"{release.tag} cannot be published", faults)
    return {names[one.short]: one.built for one in made}


def find_released_unit(session: nox.Session, tree: Path, release: Release) -> Unit:
    """Return the unit of a tag in its files; end the session if they have another version."""
    try:
        unit = find_unit(release.short, tree)
    except LookupError as error:
        session.error(f"In this commit, {error}")
    for item in unit.members:
        if item.project["version"] != str(release.version):
            session.error(
                f"{release.tag} is a tag of {item.name} {item.project['version']}: tag and version"
                " must agree."
            )
    return unit


def faults_of_unit(unit: Unit) -> Iterator[str]:
    """Find faults in the files of a tag that need no build."""
    for item in unit.members:
        faults = [*faults_after_release(item), *faults_of_siblings(unit, item)]
        yield from unit.name_member(item, faults)
