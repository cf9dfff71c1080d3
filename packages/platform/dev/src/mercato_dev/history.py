"""Read releases from git: tags, and files as they were when released."""

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
    """A version of a release unit. Its tag is ``orders-v1.2.0`` or ``platform-v1.0.0``."""

    short: str
    version: Version

    @property
    def tag(self) -> str:
        """The name of its tag."""
        return f"{self.short}-v{self.version}"

    @property
    def commit(self) -> str:
        """The hash of its commit."""
        (commit,) = git("rev-parse", "--verify", f"refs/tags/{self.tag}^{{commit}}")
        return commit

    @property
    def is_annotated(self) -> bool:
        """Whether its tag has an author and a date; a lightweight tag has neither."""
        return git("cat-file", "-t", f"refs/tags/{self.tag}") == ["tag"]

    @property
    def is_on_main(self) -> bool:
        """Whether its commit is on the branch ``main``, here or at ``origin``."""
        branches = ["refs/heads/main", "refs/remotes/origin/main"]
        return bool(git("for-each-ref", f"--contains={self.commit}", *branches))

    def has(self, item: Distribution) -> bool:
        """Return whether *item* was a part of it; a newer member was not."""
        path = item.pyproject.relative_to(ROOT).as_posix()
        return bool(git("ls-tree", "--name-only", f"refs/tags/{self.tag}", "--", path))


def parse_tag(tag: str) -> Release:
    """Parse a tag, e.g. ``gift_cards-v1.2.0``.

    Raises:
        ValueError: It is not the tag of a release.
    """
    short, separator, version = tag.rpartition("-v")
    try:
        release = Release(short, Version(version))
    except InvalidVersion:
        release = None
    if not short or not separator or release is None or release.tag != tag:
        raise ValueError(f"{tag!r} is not the tag of a release, such as orders-v1.2.0")
    return release


def find_releases(item: Distribution) -> list[Release]:
    """Return the releases that *item* was a part of, newest first."""
    tags = git("tag", "--list", f"{item.unit}-v*")
    return [release for release in read_tags(tags) if release.has(item)]


def find_last_release(item: Distribution) -> Release | None:
    """Return the newest release of *item* in the history of HEAD.

    On a maintenance branch of 1.0 that is 1.0.3, even if main has 2.0.0.
    """
    tags = git("tag", "--merged=HEAD", "--list", f"{item.unit}-v*")
    return next((release for release in read_tags(tags) if release.has(item)), None)


def read_tags(tags: Iterable[str]) -> list[Release]:
    """Parse those of *tags* that are tags of releases, newest first."""
    found = []
    for tag in tags:
        try:
            found.append(parse_tag(tag))
        except ValueError:
            continue
    return sorted(found, key=lambda one: one.version, reverse=True)


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """Yield a clean worktree of a tag or commit, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"{revision}-") as made:
        folder = Path(made, "tree")
        git("worktree", "add", "--detach", "--quiet", str(folder), revision)
        try:
            yield folder
        finally:
            git("worktree", "remove", "--force", str(folder))


def find_uncommitted(*paths: str) -> list[str]:
    """Return uncommitted files as lines such as `` M README.md``; only below *paths*, if given.

    New files are included even if the user's git configuration hides them.
    """
    return git("status", "--porcelain", "--untracked-files=normal", "--", *paths)


def committed_at(revision: str) -> int:
    """Return when a commit was made, in seconds since 1970."""
    (seconds,) = git("log", "-1", "--format=%ct", f"{revision}^{{commit}}")
    return int(seconds)


def git(*words: str) -> list[str]:
    """Run git, and return the lines that it prints."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()
