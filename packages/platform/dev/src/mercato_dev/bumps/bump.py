"""The least bump of a distribution: what its next release must be called, and why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import nox
from packaging.version import Version

from mercato_dev.bumps.fragments import faults_of_fragments, find_fragments, read_fragments
from mercato_dev.bumps.versions import raise_version
from mercato_dev.changelogs import faults_before_release
from mercato_dev.distributions import ROOT, Distribution
from mercato_dev.history import Release, find_last_release, git
from mercato_dev.levels import Level, Reason
from mercato_dev.surfaces.changes import find_changes


@dataclass(frozen=True)
class Bump:
    """What the next release of a distribution needs.

    Args:
        item: The distribution.
        last: Its last release; None before the first one.
        declared: What its fragments say that changed.
        seen: What can be seen that changed since the last release.
        has_changed: Whether any of its files did; true before the first release.
    """

    item: Distribution
    last: Release | None
    declared: tuple[Reason, ...]
    seen: tuple[Reason, ...]
    has_changed: bool

    @property
    def level(self) -> Level:
        """What must be raised at least, by all that is declared or seen."""
        return highest(*self.declared, *self.seen)

    @property
    def in_pyproject(self) -> Version:
        """The version that is written down now."""
        return Version(self.item.project["version"])

    def version_for(self, level: Level) -> Version:
        """Return the version to release: what *level* makes of the last one, or what is written.

        Whoever wrote a higher one has raised it already, or raises it more than is needed. The
        first release is called as it is written.
        """
        if self.last is None:
            return self.in_pyproject
        return max(self.in_pyproject, raise_version(self.last.version, level))

    @property
    def version(self) -> Version:
        """The lowest version that the next release may have."""
        return self.version_for(self.level)

    def describe(self) -> Iterator[str]:
        """Say in lines for people what the next release is, and why."""
        yield from describe_version(self.item.name, self.last, self.version, self.level)
        for reason in highest_first([*self.declared, *self.seen]):
            yield f"  {reason}"

    @property
    def faults(self) -> list[str]:
        """Everything that keeps the release from being what its changes need."""
        if not self.has_changed:
            return []
        return [
            *faults_of_fragments(self.item),
            *self.faults_of_reasons(),
            *self.faults_of_version(),
            *faults_before_release(self.item, str(self.version)),
        ]

    def faults_of_reasons(self) -> Iterator[str]:
        """Find changes that the fragments do not tell, or tell as less than they are."""
        if not find_fragments(self.item):
            yield (
                f"no fragment: say to the users of {self.item.name} what changed, in"
                f" {self.item.folder.relative_to(ROOT)}/changes/+short-name.added.md"
            )
        declared, seen = highest(*self.declared), highest(*self.seen)
        if self.declared and declared < seen:
            asking = [one for one in highest_first(self.seen) if one.level > declared]
            listed = "".join(f"\n    {reason}" for reason in asking)
            yield f"the fragments say {declared}, the changes need {seen}:{listed}"

    def faults_of_version(self) -> Iterator[str]:
        """Find a version that was raised by hand, and by too little."""
        written = self.in_pyproject
        if str(written) != ".".join(map(str, written.release)) or len(written.release) != 3:
            yield f"{written} in the pyproject.toml is not of the form 1.2.3"
        if self.last is None or written == self.last.version:
            return
        if written < self.last.version:
            yield f"{written} in the pyproject.toml is lower than {self.last.tag}"
        elif written < (needed := raise_version(self.last.version, self.level)):
            yield (
                f"bump too small: the pyproject.toml says {written}, the changes since"
                f" {self.last.tag} need {needed} ({self.level})"
            )


def describe_version(
    name: str, last: Release | None, version: Version, level: Level
) -> Iterator[str]:
    """Say in lines for people which version follows the last one, and how that was counted."""
    if last is None:
        yield f"{name} {version}: the first release"
        return
    yield f"{name} {last.version} -> {version}: {level}"
    needed = raise_version(last.version, level)
    if last.version.major == 0 and level > Level.PATCH:
        yield f"  before 1.0 {level} counts one place lower: {needed} is enough"
    if needed < version:
        yield f"  the pyproject.toml says {version}, more than is needed: {needed}"


def highest(*reasons: Reason) -> Level:
    """Return the highest level of some reasons; of none, the lowest that there is."""
    return max((reason.level for reason in reasons), default=Level.PATCH)


def highest_first(reasons: Iterable[Reason]) -> list[Reason]:
    """Order reasons by what they need."""
    return sorted(reasons, key=lambda one: one.level, reverse=True)


def find_bump(session: nox.Session, item: Distribution) -> Bump:
    """Find out what the next release of *item* needs, from its fragments and all that it shows.

    Args:
        session: The one that asks; the wheels are built.
        item: The distribution.
    """
    last = find_last_release(item)
    has_changed = last is None or bool(git("diff", "--name-only", last.tag, "--", str(item.folder)))
    try:
        seen = find_changes(item, last) if last and has_changed else []
    except LookupError as error:
        session.error(str(error))
    return Bump(item, last, tuple(read_fragments(item)), tuple(seen), has_changed)
