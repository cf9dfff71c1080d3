"""Release units: what shares one version and one tag, and is released and published together.

The platform is a release train: one unit of several distributions, which move together. Every other
distribution is a unit of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import TopologicalSorter
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mercato_dev.distributions import DISTRIBUTIONS, ROOT, Distribution, find_distributions


@dataclass(frozen=True)
class Unit:
    """What is released together.

    Args:
        short: What people call it: ``platform``, or the folder of its only distribution.
        members: Its distributions, each after those that it requires.
    """

    short: str
    members: tuple[Distribution, ...]

    @property
    def is_train(self) -> bool:
        """Whether its members move together; else it is one distribution."""
        return self.short not in {item.short for item in self.members}

    @property
    def is_feature(self) -> bool:
        """Whether it offers a feature to the host."""
        return any(item.is_feature for item in self.members)

    @property
    def name(self) -> str:
        """What messages call it: the name of its distribution; of a train, its own."""
        return self.short if self.is_train else self.members[0].name

    @property
    def version(self) -> Version:
        """Its version; where members differ, the highest: see :meth:`faults_of_versions`."""
        return max(version_of(item) for item in self.members)

    @property
    def faults_of_versions(self) -> list[str]:
        """Name the versions of the members, if they are not one."""
        if len({version_of(item) for item in self.members}) == 1:
            return []
        listed = ", ".join(f"{item.short} {version_of(item)}" for item in self.members)
        return [f"{self.short} has one version, its members have several: {listed}"]

    def name_member(self, item: Distribution, faults: Iterable[str]) -> Iterator[str]:
        """Say of each fault of a train in which member it is."""
        start = f"{item.short}: "
        for fault in faults:
            yield f"{start}{fault}" if self.is_train and not fault.startswith(start) else fault


def version_of(item: Distribution) -> Version:
    """Return the version that the pyproject.toml of a distribution says."""
    return Version(item.project["version"])


def find_units(root: Path = ROOT) -> list[Unit]:
    """Find what is released below *root*, in the order of the folders."""
    return group_units(find_distributions(root))


def group_units(distributions: Iterable[Distribution]) -> list[Unit]:
    """Put distributions together that are released together."""
    members: dict[str, list[Distribution]] = {}
    for item in distributions:
        members.setdefault(item.unit, []).append(item)
    return [Unit(short, tuple(order_members(found))) for short, found in members.items()]


def find_unit(short: str, root: Path = ROOT) -> Unit:
    """Find a release unit below *root* by its name.

    Raises:
        LookupError: There is no such unit. Says in which one a distribution of this name is
            released, or else which name was meant, or which there are.
    """
    found = {unit.short: unit for unit in find_units(root)}
    if short in found:
        return found[short]
    for unit in found.values():
        if short in {item.short for item in unit.members}:
            raise LookupError(f"{short} is released with the {unit.short}: release -- {unit.short}")
    near = get_close_matches(short, found, n=1)
    guess = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(found)}."
    raise LookupError(f"no release unit is called {short!r}. {guess}")


def order_members(items: Iterable[Distribution]) -> list[Distribution]:
    """Order distributions so that each comes after those that it requires."""
    ours = {item.name: item for item in items}
    needs = {name: required_names(item) for name, item in ours.items()}
    return [ours[name] for name in sort_by_needs(needs)]


def order_units(units: Iterable[Unit]) -> list[Unit]:
    """Order units so that each comes after those that its members require."""
    ours = {unit.short: unit for unit in units}
    homes = {item.name: unit.short for unit in ours.values() for item in unit.members}
    needs = {
        unit.short: {
            homes[name]
            for item in unit.members
            for name in required_names(item) & homes.keys()
            if homes[name] != unit.short
        }
        for unit in ours.values()
    }
    return [ours[short] for short in sort_by_needs(needs)]


def sort_by_needs(needs: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Order names so that each comes after the others that it needs."""
    there = {name: sorted(one for one in needed if one in needs) for name, needed in needs.items()}
    return iter(TopologicalSorter(there).static_order())


def required_names(item: Distribution) -> set[str]:
    """Name what a distribution requires without any of its extras."""
    return {
        canonicalize_name(Requirement(one).name) for one in item.project.get("dependencies", [])
    }


UNITS = group_units(DISTRIBUTIONS)
