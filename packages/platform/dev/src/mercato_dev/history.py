"""What was released: the tags of this repository, and its files as they were then."""

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from mercato_dev.distributions import ROOT, Distribution


@dataclass(frozen=True)
class Release:
    """One version of one release unit, as its tag says: ``orders-v1.2.0``, ``platform-v1.0.0``."""

    short: str
    version: Version

    @property
    def tag(self) -> str:
        """What git calls it."""
        return f"{self.short}-v{self.version}"

    @property
    def commit(self) -> str:
        """The commit that it was made of."""
        (commit,) = git("rev-parse", "--verify", f"refs/tags/{self.tag}^{{commit}}")
        return commit

    @property
    def is_annotated(self) -> bool:
        """Whether the tag says who made it, and when: ``git tag`` alone makes one that does not."""
        return git("cat-file", "-t", f"refs/tags/{self.tag}") == ["tag"]

    @property
    def is_on_main(self) -> bool:
        """Whether its commit is on the branch ``main``: ours, or that of ``origin``."""
        branches = ["refs/heads/main", "refs/remotes/origin/main"]
        return bool(git("for-each-ref", f"--contains={self.commit}", *branches))

    def has(self, item: Distribution) -> bool:
        """Tell whether *item* was a part of it; what joined the unit later was not."""
        path = item.pyproject.relative_to(ROOT).as_posix()
        return bool(git("ls-tree", "--name-only", f"refs/tags/{self.tag}", "--", path))


def parse_tag(tag: str) -> Release:
    """Read a tag, e.g. ``gift_cards-v1.2.0``.

    Raises:
        ValueError: It is none of a release.
    """
    short, separator, version = tag.rpartition("-v")
    try:
        release = Release(short, Version(version))
    except InvalidVersion:
        release = None
    if not short or not separator or release is None or release.tag != tag:
        raise ValueError(f"{tag!r} is no tag of a release: orders-v1.2.0 is one")
    return release


def find_releases(item: Distribution) -> list[Release]:
    """Find what was released of *item*, with its unit, the newest first."""
    tags = git("tag", "--list", f"{item.unit}-v*")
    return [release for release in read_tags(tags) if release.has(item)]


def find_last_release(item: Distribution) -> Release | None:
    """Find the newest release of *item* that HEAD comes after.

    On a branch that maintains 1.0, that is 1.0.3, though 2.0.0 was released elsewhere.
    """
    tags = git("tag", "--merged=HEAD", "--list", f"{item.unit}-v*")
    return next((release for release in read_tags(tags) if release.has(item)), None)


def read_tags(tags: Iterable[str]) -> list[Release]:
    """Read those tags that are of a release, the newest first."""
    found = []
    for tag in tags:
        try:
            found.append(parse_tag(tag))
        except ValueError:
            continue
    return sorted(found, key=lambda one: one.version, reverse=True)


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """Offer the files of a tag in a worktree of their own, clean, until the end of the block.

    Of any commit, for that matter.
    """
    with tempfile.TemporaryDirectory(prefix=f"{revision}-") as made:
        folder = Path(made, "tree")
        git("worktree", "add", "--detach", "--quiet", str(folder), revision)
        try:
            yield folder
        finally:
            git("worktree", "remove", "--force", str(folder))


def find_uncommitted(*paths: str) -> list[str]:
    """Find what is not committed, as lines such as `` M README.md``; below some paths, if given.

    Also where somebody's settings hide new files from them.
    """
    return git("status", "--porcelain", "--untracked-files=normal", "--", *paths)


def committed_at(revision: str) -> int:
    """Return when a commit was made: seconds since 1970."""
    (seconds,) = git("log", "-1", "--format=%ct", f"{revision}^{{commit}}")
    return int(seconds)


def git(*words: str) -> list[str]:
    """Ask git, and return the lines that it answers."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()
