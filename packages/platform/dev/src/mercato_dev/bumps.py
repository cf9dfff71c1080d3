"""Compute the version of the next release of a unit, and explain it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import nox
from packaging.version import Version

from mercato_dev.changelogs import (
    faults_before_release,
    faults_of_fragments,
    find_fragments,
    read_fragments,
)
from mercato_dev.distributions import ROOT, Distribution
from mercato_dev.history import Release, find_last_release, git
from mercato_dev.levels import Level, Reason, raise_version
from mercato_dev.siblings import has_only_moved
from mercato_dev.surfaces.changes import find_changes
from mercato_dev.units import Unit


@dataclass(frozen=True)
class Changes:
    """The changes of one distribution since its last release.

    Args:
        item: The distribution.
        last: Its last release; None before the first one.
        has_changed: Whether any of its files changed; true before the first release.
        declared: What its fragments declare.
        seen: What its snapshot shows.
    """

    item: Distribution
    last: Release | None
    has_changed: bool
    declared: tuple[Reason, ...] = ()
    seen: tuple[Reason, ...] = ()

    @property
    def faults(self) -> Iterator[str]:
        """Faults of its fragments, and changes that they do not declare or declare too low."""
        yield from faults_of_fragments(self.item)
        if not find_fragments(self.item):
            yield (
                f"no fragment: describe the change for the users of {self.item.name} in"
                f" {self.item.folder.relative_to(ROOT)}/changes/+short-name.added.md"
            )
        declared, seen = highest(self.declared), highest(self.seen)
        if self.declared and declared < seen:
            missing = [one for one in highest_first(self.seen) if one.level > declared]
            listed = "".join(f"\n    {reason}" for reason in missing)
            yield f"the fragments declare {declared}, the changes need {seen}:{listed}"


@dataclass(frozen=True)
class Bump:
    """The next release of a unit.

    Args:
        unit: The unit.
        members: The changes of each of its distributions, in their order.
    """

    unit: Unit
    members: tuple[Changes, ...]

    @property
    def last(self) -> Release | None:
        """The last release; None before the first one. A newer member may have none."""
        found = [one.last for one in self.members if one.last]
        return max(found, key=lambda one: one.version, default=None)

    @property
    def has_changed(self) -> bool:
        """Whether any member has changed."""
        return any(one.has_changed for one in self.members)

    @property
    def level(self) -> Level:
        """The lowest level that all declared and seen changes allow."""
        return highest(reason for one in self.members for reason in (*one.declared, *one.seen))

    def version_for(self, level: Level) -> Version:
        """Return the version after changes of *level*, or the one in pyproject.toml if higher.

        The first release has the version in pyproject.toml.
        """
        if self.last is None:
            return self.unit.version
        return max(self.unit.version, raise_version(self.last.version, level))

    @property
    def version(self) -> Version:
        """The lowest version that the next release may have."""
        return self.version_for(self.level)

    def describe(self) -> Iterator[str]:
        """Return lines that say what the next release is, and why."""
        yield from self.describe_version()
        indent = "    " if self.unit.is_train else "  "
        for one in self.members:
            if self.unit.is_train:
                yield f"  {one.item.short}:{'' if one.has_changed else ' nothing changed'}"
            yield from (f"{indent}{it}" for it in highest_first([*one.declared, *one.seen]))

    def describe_version(self) -> Iterator[str]:
        """Return lines that say how the version is computed."""
        if self.last is None:
            yield f"{self.unit.name} {self.version}: the first release"
            return
        yield f"{self.unit.name} {self.last.version} -> {self.version}: {self.level}"
        needed = raise_version(self.last.version, self.level)
        if self.last.version.major == 0 and self.level > Level.PATCH:
            yield f"  before 1.0, {self.level} counts one place lower: {needed} is enough"
        if needed < self.version:
            yield f"  pyproject.toml has {self.version}, higher than needed: {needed}"

    @property
    def faults(self) -> list[str]:
        """Everything that keeps the release from being what its changes need."""
        if not self.has_changed:
            return []
        found = list(self.faults_of_version())
        for one in self.members:
            faults = [
                *(one.faults if one.has_changed else ()),
                *faults_before_release(one.item, str(self.version)),
            ]
            found += self.unit.name_member(one.item, faults)
        return found

    def faults_of_version(self) -> Iterator[str]:
        """Find a version in pyproject.toml that is invalid, or that was raised too little."""
        written = self.unit.version
        if str(written) != ".".join(map(str, written.release)) or len(written.release) != 3:
            yield f"{written} in pyproject.toml does not have the form 1.2.3"
        if self.last is None or written == self.last.version:
            return
        if written < self.last.version:
            yield f"{written} in pyproject.toml is lower than {self.last.tag}"
        elif written < (needed := raise_version(self.last.version, self.level)):
            yield (
                f"bump too small: pyproject.toml has {written}, the changes since"
                f" {self.last.tag} need {needed} ({self.level})"
            )


def highest(reasons: Iterable[Reason]) -> Level:
    """Return the highest level of *reasons*; the lowest of all without reasons."""
    return max((reason.level for reason in reasons), default=Level.PATCH)


def highest_first(reasons: Iterable[Reason]) -> list[Reason]:
    """Sort reasons by their level."""
    return sorted(reasons, key=lambda one: one.level, reverse=True)


def find_bump(session: nox.Session, unit: Unit) -> Bump:
    """Compute the next release of *unit*; the wheels must be built."""
    return Bump(unit, tuple(find_member_changes(session, unit, item) for item in unit.members))


def find_member_changes(session: nox.Session, unit: Unit, item: Distribution) -> Changes:
    """Find the changes of a member since its last release.

    A member that only got the version of its train has not changed.
    """
    last = find_last_release(item)
    if last and not git("diff", "--name-only", last.tag, "--", str(item.folder)):
        return Changes(item, last, has_changed=False)
    if last and has_only_moved(unit, item, last):
        return Changes(item, last, has_changed=False)
    try:
        seen = find_changes(item, last) if last else []
    except LookupError as error:
        session.error(str(error))
    declared = tuple(read_fragments(item))
    return Changes(item, last, has_changed=True, declared=declared, seen=tuple(seen))
