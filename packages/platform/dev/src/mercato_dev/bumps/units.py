"""The least bump of a release unit: the largest of its members'."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import nox
from packaging.version import Version

from mercato_dev.bumps.bump import Bump, describe_version, find_bump, highest_first
from mercato_dev.bumps.versions import raise_version
from mercato_dev.changelogs import faults_before_release
from mercato_dev.history import Release
from mercato_dev.levels import Level
from mercato_dev.siblings import has_only_moved
from mercato_dev.units import Unit


@dataclass(frozen=True)
class UnitBump:
    """What the next release of a unit needs.

    Args:
        unit: The unit.
        bumps: What each of its members needs, in their order.
    """

    unit: Unit
    bumps: tuple[Bump, ...]

    @property
    def last(self) -> Release | None:
        """Its last release; None before the first one. What joined it later has none."""
        found = [bump.last for bump in self.bumps if bump.last]
        return max(found, key=lambda one: one.version, default=None)

    @property
    def has_changed(self) -> bool:
        """Whether any member did."""
        return any(bump.has_changed for bump in self.bumps)

    @property
    def level(self) -> Level:
        """What must be raised at least."""
        return max(bump.level for bump in self.bumps)

    def version_for(self, level: Level) -> Version:
        """Return the version to release: what *level* makes of the last one, or what is written."""
        if self.last is None:
            return self.unit.version
        return max(self.unit.version, raise_version(self.last.version, level))

    @property
    def version(self) -> Version:
        """The lowest version that the next release may have."""
        return self.version_for(self.level)

    def describe(self) -> Iterator[str]:
        """Say in lines for people what the next release is, and why."""
        if not self.unit.is_train:
            yield from self.bumps[0].describe()
            return
        yield from describe_version(self.unit.short, self.last, self.version, self.level)
        for bump in self.bumps:
            if bump.has_changed:
                yield f"  {bump.item.short}:"
                reasons = highest_first([*bump.declared, *bump.seen])
                yield from (f"    {reason}" for reason in reasons)
            else:
                yield f"  {bump.item.short}: nothing changed"

    @property
    def faults(self) -> list[str]:
        """Everything that keeps the release from being what its changes need."""
        if not self.has_changed:
            return []
        version = str(self.version)
        found: list[str] = []
        for bump in self.bumps:
            faults = [*bump.faults, *faults_before_release(bump.item, version)]
            found += self.unit.name_member(bump.item, faults)
        return list(dict.fromkeys(found))


def find_unit_bump(session: nox.Session, unit: Unit) -> UnitBump:
    """Find out what the next release of *unit* needs, from what each of its members needs.

    Args:
        session: The one that asks; the wheels are built.
        unit: The unit.
    """
    return UnitBump(unit, tuple(forget_move(unit, find_bump(session, one)) for one in unit.members))


def forget_move(unit: Unit, bump: Bump) -> Bump:
    """Take a member for unchanged that only got another version of its train."""
    if bump.last and bump.has_changed and has_only_moved(unit, bump.item, bump.last):
        return replace(bump, declared=(), seen=(), has_changed=False)
    return bump
