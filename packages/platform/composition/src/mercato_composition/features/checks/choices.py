"""K202, K203: what ``[capabilities]`` and ``[decorators]`` may name."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from mercato_composition.deployment import corrections, edits
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import FeatureChoice
from mercato_composition.faults import Fault, Fix, did_you_mean, nearest
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.discovery import Unloaded, is_left_out, may_offer
from mercato_composition.features.relations import (
    Listed,
    Offered,
    OffersByContract,
    names_of,
    offers_by_contract,
)
from mercato_kit.contracts import has_many
from mercato_kit.feature import contract_id


def capabilities_known(
    capabilities: Listed,
    offers: OffersByContract,
    loaded: Sequence[Candidate],
    unloaded: Unloaded,
    choices: Mapping[str, FeatureChoice],
    named: object,  # noqa: ARG001 - a feature that is unknown may offer it
    source: Source,
) -> Iterator[Fault]:
    """Check that each choice in ``[capabilities]`` can be followed (K202, K203)."""
    table, rivals = "capabilities", _by_id(offers)
    said_of = _but_left_out(capabilities, unloaded, choices)
    yield from _unknown_contracts(table, "offers", said_of, rivals, unloaded, source)
    for id_ in (one for one in rivals if one in capabilities):
        said = capabilities[id_]
        if any(has_many(contract) for contract in offers if contract_id(contract) == id_):
            left_out = _by_id(offers_by_contract(loaded)).get(id_, ())
            yield from _names(table, id_, said, rivals[id_], [*unloaded, *_named(left_out)], source)
        else:
            yield from _choice(id_, said, rivals[id_], unloaded, source)


def decorators_known(
    decorators: Listed,
    decorating: OffersByContract,
    unloaded: Unloaded,
    choices: Mapping[str, FeatureChoice],
    named: object,  # noqa: ARG001 - a feature that is unknown may decorate it
    source: Source,
) -> Iterator[Fault]:
    """Check that each order in ``[decorators]`` can be followed (K202, K203)."""
    table, rivals = "decorators", _by_id(decorating)
    said_of = _but_left_out(decorators, unloaded, choices)
    yield from _unknown_contracts(table, "decorates", said_of, rivals, unloaded, source)
    for id_ in (one for one in rivals if one in decorators):
        yield from _names(table, id_, decorators[id_], rivals[id_], unloaded, source)


def ways_to_choose(source: Source, contract: str, names: Sequence[str]) -> tuple[Fix, ...]:
    """Return the fixes that choose one of the providers of a contract."""
    path = ("capabilities", contract)
    return tuple(edits.set_value(source, path, name, "choice") for name in dict.fromkeys(names))


def _by_id(offers: OffersByContract) -> Mapping[str, list[Offered]]:
    """Group by what the file names: two contracts may have modules of one name."""
    by_id: dict[str, list[Offered]] = {}
    for contract, some in offers.items():
        by_id.setdefault(contract_id(contract), []).extend(some)
    return by_id


def _but_left_out(said: Listed, unloaded: Unloaded, choices: Mapping[str, FeatureChoice]) -> Listed:
    """Return what is said of contracts that no optional feature would offer that is left out."""
    return {id_: it for id_, it in said.items() if not is_left_out(id_, unloaded, choices)}


def _unknown_contracts(
    table: str,
    verb: str,
    said: Listed,
    ids: Collection[str],
    unloaded: Unloaded,
    source: Source,
) -> Iterator[Fault]:
    for id_ in (one for one in said if one not in ids):
        what = f"no enabled feature {verb} a contract {id_!r}.{did_you_mean(id_, ids)}"
        close = nearest(id_, sorted(set(ids) - said.keys()))
        fixes = corrections.known(source, (table, id_), close)
        follows = may_offer(id_, unloaded)
        yield Fault("K203", source.origin(table, id_), what, fixes, follows=follows)


def _choice(
    id_: str, said: Any, rivals: Sequence[Offered], unloaded: Unloaded, source: Source
) -> Iterator[Fault]:
    """Check the name of the one provider that answers a contract."""
    where, names = source.origin("capabilities", id_), _named(rivals)
    if not isinstance(said, str):
        what = f"one provider answers {id_}: its name is due here, and not a list."
        yield Fault("K202", where, what, ways_to_choose(source, id_, names))
    elif said not in names:
        meant = did_you_mean(said, names)
        what = f"{id_} = {said!r}: no enabled feature of this name offers {id_}.{meant}"
        follows = (said,) if said in unloaded else ()
        yield Fault("K202", where, what, ways_to_choose(source, id_, names), follows=follows)


def _named(offers: Iterable[Offered]) -> list[str]:
    return [one.name for one in offers]


def _names(
    table: str,
    id_: str,
    said: Any,
    rivals: Sequence[Offered],
    left_out: Collection[str],
    source: Source,
) -> Iterator[Fault]:
    """Check the list of providers, or of decorators, of a contract.

    Args:
        table: The table of the list.
        id_: The contract.
        said: The list.
        rivals: What is there.
        left_out: Names of what the deployment starts without, or not at all: no fault of the list.
        source: The deployment file.
    """
    path, where = (table, id_), source.origin(table, id_)
    names, known = list(names_of(said) or ()), _named(rivals)
    if isinstance(said, str) and not source.in_environment(*path):
        what = f'a list of names is due here: {id_} = ["…"], and not one name.'
        yield Fault("K202", where, what, (edits.set_value(source, path, names),))
    elif unknown := [name for name in names if name not in (*known, *left_out)]:
        meant = did_you_mean(unknown[0], set(known) - set(names))
        verb = "decorates" if table == "decorators" else "offers"
        what = (
            f"{id_} names {unknown[0]!r}: no enabled feature {verb} {id_} under this name.{meant}"
        )
        yield Fault("K202", where, what, _without(source, path, names, known))
    elif len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        fixes = (edits.set_value(source, path, list(dict.fromkeys(names))),)
        yield Fault("K202", where, f"{id_} names {twice!r} twice.", fixes)


def _without(
    source: Source, path: tuple[str, str], names: Sequence[str], known: Sequence[str]
) -> tuple[Fix, ...]:
    """Return the fixes of unknown names in a list: those that were meant, or none."""
    left = [name for name in known if name not in names]
    meant = [name if name in known else nearest(name, left) for name in names]
    fixes: list[Fix] = []
    for instead in (meant, [name for name in names if name in known]):
        listed = list(dict.fromkeys(name for name in instead if name))
        if listed and listed != names:
            fixes.append(edits.set_value(source, path, listed, "choice"))
    return tuple(dict.fromkeys(fixes)) or (edits.remove(source, path),)
