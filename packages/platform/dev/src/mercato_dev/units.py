"""Release units: distributions that share one version and one tag.

The platform is a release train: one unit of several distributions. Every other distribution is a
unit by itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import TopologicalSorter
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mercato_dev.distributions import ROOT, Distribution, find_distributions


@dataclass(frozen=True)
class Unit:
    """A release unit.

    Args:
        short: Its name: ``platform``, or the folder of its only distribution.
        members: Its distributions, each after those that it requires.
    """

    short: str
    members: tuple[Distribution, ...]

    @property
    def is_train(self) -> bool:
        """Whether it is a release train; else it is one distribution."""
        return self.short not in {item.short for item in self.members}

    @property
    def is_feature(self) -> bool:
        """Whether it contains a feature."""
        return any(item.is_feature for item in self.members)

    @property
    def name(self) -> str:
        """Its name in messages: that of its distribution, or of the train."""
        return self.short if self.is_train else self.members[0].name

    @property
    def version(self) -> Version:
        """The highest version of its members; :attr:`faults_of_versions` are the others."""
        return max(version_of(item) for item in self.members)

    @property
    def faults_of_versions(self) -> list[str]:
        """A fault with the versions of all members, if they differ."""
        if len({version_of(item) for item in self.members}) == 1:
            return []
        listed = ", ".join(f"{item.short} {version_of(item)}" for item in self.members)
        return [f"{self.short} must have one version, but its members have: {listed}"]

    def name_member(self, item: Distribution, faults: Iterable[str]) -> Iterator[str]:
        """Prefix the faults of a member of a train with its name."""
        start = f"{item.short}: "
        for fault in faults:
            yield f"{start}{fault}" if self.is_train and not fault.startswith(start) else fault


def version_of(item: Distribution) -> Version:
    """Return the version in the pyproject.toml of a distribution."""
    return Version(item.project["version"])


def find_units(root: Path = ROOT) -> list[Unit]:
    """Return the release units below *root*."""
    members: dict[str, list[Distribution]] = {}
    for item in find_distributions(root):
        members.setdefault(item.unit, []).append(item)
    return [Unit(short, tuple(order_members(found))) for short, found in members.items()]


def find_unit(short: str, root: Path = ROOT) -> Unit:
    """Return the release unit below *root* with the name *short*.

    Raises:
        LookupError: There is none; the message names the unit of a distribution with this name,
            suggests a similar name, or lists all names.
    """
    found = {unit.short: unit for unit in find_units(root)}
    if short in found:
        return found[short]
    for unit in found.values():
        if short in {item.short for item in unit.members}:
            raise LookupError(f"{short} is released with the {unit.short}: release -- {unit.short}")
    close = get_close_matches(short, found, n=1)
    guess = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(found)}."
    raise LookupError(f"no release unit is called {short!r}. {guess}")


def order_members(items: Iterable[Distribution]) -> list[Distribution]:
    """Sort distributions so that each comes after those that it requires."""
    ours = {item.name: item for item in items}
    order = sort_by_needs({name: required_names(item) for name, item in ours.items()})
    return [ours[name] for name in order]


def order_units(units: Iterable[Unit]) -> list[Unit]:
    """Sort units so that each comes after those that its members require."""
    ours = {unit.short: unit for unit in units}
    homes = {item.name: unit.short for unit in ours.values() for item in unit.members}
    needs = {
        short: {
            homes[name] for item in unit.members for name in required_names(item) if name in homes
        }
        for short, unit in ours.items()
    }
    return [ours[short] for short in sort_by_needs(needs)]


def sort_by_needs(needs: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Sort names so that each comes after the others that it needs."""
    graph = {
        name: sorted(one for one in needed if one in needs and one != name)
        for name, needed in needs.items()
    }
    return iter(TopologicalSorter(graph).static_order())


def required_names(item: Distribution) -> set[str]:
    """Return the names that a distribution requires, without its extras."""
    requirements = item.project.get("dependencies", [])
    return {canonicalize_name(Requirement(one).name) for one in requirements}


UNITS = find_units()
