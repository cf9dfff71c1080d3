"""Sort features so that each comes after those that it needs."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from mercato_composition.features.candidate import Candidate
from mercato_composition.features.relations import OffersByContract, answers_by_contract

_NO_CHOICES: Mapping[str, str] = {}


class Ring(Exception):
    """Features need each other in a ring. ``members`` starts and ends with the same one."""

    def __init__(self, members: list[Candidate]) -> None:
        super().__init__(" -> ".join(member.name for member in members))
        self.members = members


def order(
    features: Iterable[Candidate], capabilities: Mapping[str, str] = _NO_CHOICES
) -> tuple[Candidate, ...]:
    """Sort features: each after those that answer its needs, else by name.

    The result does not depend on the order of *features*.

    Args:
        features: The features to sort.
        capabilities: The name of the chosen feature, by contract id.

    Raises:
        Ring: Features need each other in a ring.
    """
    by_name = {feature.name: feature for feature in sorted(features, key=lambda one: one.name)}
    answers = answers_by_contract(by_name.values(), capabilities)
    graph = {name: _needed_by(feature, answers) for name, feature in by_name.items()}
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        # graphlib lists each member before the one that needs it.
        raise Ring([by_name[name] for name in reversed(error.args[1])]) from error
    ordered: list[Candidate] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += [by_name[name] for name in ready]
        sorter.done(*ready)
    return tuple(ordered)


def _needed_by(feature: Candidate, answers: OffersByContract) -> list[str]:
    needed = {
        other.name for need in feature.manifest.needs for other, _ in answers.get(need.contract, [])
    }
    return sorted(needed - {feature.name})
