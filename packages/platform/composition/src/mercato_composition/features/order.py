"""Sort features so that each comes after those that it needs."""

from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from mercato_composition.features.candidate import Candidate
from mercato_composition.features.relations import Offered, OffersByContract
from mercato_kit.feature import Decorates


class Ring(Exception):
    """Features need each other in a ring. ``members`` starts and ends with the same one."""

    def __init__(self, members: list[Candidate]) -> None:
        super().__init__(" -> ".join(member.name for member in members))
        self.members = members


def order(features: Iterable[Candidate], answers: OffersByContract) -> tuple[Candidate, ...]:
    """Sort features: each after those that answer its needs, else by name.

    The result does not depend on the order of *features*. A need that may be unanswered puts
    nothing in order, so that the features of both sides may ask each other.

    Args:
        features: The features to sort.
        answers: What answers each contract.

    Raises:
        Ring: Features need each other in a ring.
    """
    by_name = {feature.name: feature for feature in sorted(features, key=lambda one: one.name)}
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
    needed = {one.feature.name for _, offers in required(feature, answers) for one in offers}
    return sorted(needed - {feature.name})


def required(
    feature: Candidate, answers: OffersByContract
) -> Iterator[tuple[str, Sequence[Offered]]]:
    """Give what must start before *feature*, with the verb and the contract that it is due to.

    A decorator comes after what is below it, and needs nothing of what is above it.
    """
    for need in feature.manifest.needs:
        if need.at_least:
            yield f"needs {need.id}", below(feature, answers.get(need.contract, ()))
    for one in feature.manifest.decorates:
        yield f"decorates {one.id}", below(feature, answers.get(one.contract, ()))


def below(feature: Candidate, answers: Sequence[Offered]) -> Sequence[Offered]:
    """Return what is below *feature* in a stack; the whole stack where it is not in it.

    Args:
        feature: A feature that may decorate the contract.
        answers: What answers the contract.
    """
    own = [
        number
        for number, one in enumerate(answers)
        if one.feature is feature and isinstance(one.offer, Decorates)
    ]
    return answers[own[-1] + 1 :] if own else answers
