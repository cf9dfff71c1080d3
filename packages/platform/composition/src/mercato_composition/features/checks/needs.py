"""K108 to K112: what features need of each other, who offers it, and what excludes what."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from mercato_composition.deployment import corrections, edits
from mercato_composition.deployment.file import Source
from mercato_composition.faults import Certainty, Fault, Fix, Outside, Place, did_you_mean, nearest
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.discovery import Unloaded
from mercato_composition.features.order import Ring, order
from mercato_composition.features.relations import (
    OffersByContract,
    satisfies,
)
from mercato_kit.feature import Need, contract_id


def chosen(
    capabilities: Mapping[str, str],
    offers: OffersByContract,
    unloaded: Unloaded,
    named: Collection[str],  # noqa: ARG001 - a feature that is unknown may offer it
    source: Source,
) -> Iterator[Fault]:
    """Check that each choice in ``[capabilities]`` can be followed (K202, K203)."""
    offering: dict[str, list[str]] = {}
    for contract, offered_by in offers.items():
        offering.setdefault(contract_id(contract), []).extend(one.name for one, _ in offered_by)
    for id_, name in capabilities.items():
        where = source.origin("capabilities", id_)
        if id_ not in offering:
            what = f"no enabled feature offers a contract {id_!r}.{did_you_mean(id_, offering)}"
            close = nearest(id_, sorted(offering.keys() - capabilities.keys()))
            fixes = corrections.known(source, ("capabilities", id_), close)
            yield Fault("K203", where, what, fixes, follows=_may_offer(id_, unloaded))
        elif name not in offering[id_]:
            meant = did_you_mean(name, offering[id_])
            what = f"{id_} = {name!r}: no enabled feature of this name offers {id_}.{meant}"
            fixes = _choices(source, id_, offering[id_])
            broken = (name,) if name in unloaded else ()
            yield Fault("K202", where, what, fixes, follows=broken)


def offered(
    features: Sequence[Candidate],
    offers: OffersByContract,
    unloaded: Unloaded,
    load_others: Callable[[], Sequence[Candidate]],
    named: Collection[str],  # noqa: ARG001 - a feature that is unknown may offer it
    source: Source,
) -> Iterator[Fault]:
    """Check that every contract a feature needs is offered (K108)."""
    for feature in features:
        for need in feature.manifest.needs:
            if need.contract not in offers:
                what = f"needs {need.id} {need.versions}, which no enabled feature offers."
                broken = _may_offer(need.id, unloaded)
                fixes = _how_to_get(need, broken, load_others, source)
                yield replace(feature.fault("K108", what, *fixes), follows=broken)


def versions(
    features: Sequence[Candidate],
    answers: OffersByContract,
    unloaded: Unloaded,
    named: Collection[str],  # noqa: ARG001 - a feature that is unknown may offer another one
) -> Iterator[Fault]:
    """Check that a version is offered that will do, by the chosen one where one is (K109)."""
    for feature in features:
        for need in feature.manifest.needs:
            candidates = answers.get(need.contract, [])
            if not candidates or any(satisfies(offer, need) for _, offer in candidates):
                continue
            there = ", ".join(f"{offer.version} from {who.release}" for who, offer in candidates)
            what = f"needs {need.id} {need.versions}; enabled features offer {there}."
            behind = " or ".join([feature.release, *(who.release for who, _ in candidates)])
            why = f"`mercato why {need.id}` shows who pins what"
            fix = Outside(f"upgrade the one that is behind, {behind}: {why}")
            broken = _may_offer(need.id, unloaded)
            yield replace(feature.fault("K109", what, fix), follows=broken)


def one_offer_each(
    offers: OffersByContract,
    capabilities: Mapping[str, str],
    unloaded: Unloaded,
    source: Source,
) -> Iterator[Fault]:
    """Check that one feature answers each contract, or that the operator chose one (K111)."""
    for contract, rivals in offers.items():
        id_ = contract_id(contract)
        names = [feature.name for feature, _ in rivals]
        choice = capabilities.get(id_)
        if len(rivals) < 2 or choice in names:
            continue
        lines = [f"{feature.where} offers {id_} {offer.version}" for feature, offer in rivals]
        what = "\n".join([f"{len(rivals)} enabled features offer {id_}:", *lines])
        yield Fault(
            "K111",
            Place(name=f"contract {id_}", path=("capabilities", id_)),
            what,
            _choices(source, id_, names),
            feature=names[-1],
            follows=(choice,) if choice and choice in unloaded else (),
        )


def rings(
    features: Sequence[Candidate], capabilities: Mapping[str, str], answers: OffersByContract
) -> Iterator[Fault]:
    """Check that features can be put in an order (K110)."""
    try:
        order(features, capabilities)
    except Ring as ring:
        steps = zip(ring.members[:-1], ring.members[1:], strict=True)
        what = "\n".join(
            f"{one.name} -> {other.name} because {one.name} needs "
            f"{_contract_between(one, other, answers)}"
            for one, other in steps
        )
        fix = (
            "let one publish an event instead of calling; or let it ask with services.find() and "
            "work without an answer; or move what both need into a feature of its own"
        )
        # Where the operator allows one of them to be absent, the others start without it.
        first = next((one for one in ring.members if not one.required), ring.members[0])
        yield first.fault("K110", f"features need each other in a ring:\n{what}", Outside(fix))


def exclusions(features: Sequence[Candidate], source: Source) -> Iterator[Fault]:
    """Check that no feature excludes another one that is on (K112)."""
    for feature in features:
        for other in features:
            if reason := feature.manifest.excludes.get(other.name):
                what = f"must not run beside {other.where}: {reason}"
                names = (feature.name, other.name)
                fixes = [edits.remove(source, ("features", name), "choice") for name in names]
                yield feature.fault("K112", what, *fixes)


def _contract_between(one: Candidate, other: Candidate, offers: OffersByContract) -> str:
    return ", ".join(
        need.id
        for need in one.manifest.needs
        if any(feature is other for feature, _ in offers.get(need.contract, []))
    )


def _choices(source: Source, contract: str, names: Iterable[str]) -> tuple[Fix, ...]:
    """Return the fixes that choose one of the features that offer a contract."""
    path = ("capabilities", contract)
    return tuple(edits.set_value(source, path, name, "choice") for name in dict.fromkeys(names))


def _how_to_get(
    need: Need,
    broken: Sequence[str],
    load_others: Callable[[], Sequence[Candidate]],
    source: Source,
) -> list[Fix]:
    if broken:
        return [Outside(f"first fix the features that could not be loaded: {', '.join(broken)}")]
    able = [
        other.name
        for other in load_others()
        if any(offer.contract is need.contract for offer in other.manifest.offers)
    ]
    certainty: Certainty = "choice" if able[1:] else "sure"
    fixes = [edits.set_value(source, ("features", name), {}, certainty) for name in able]
    return fixes or [
        Outside(f"install a feature that offers {need.id}, and add it to {source.name}")
    ]


def _may_offer(contract: str, unloaded: Unloaded) -> tuple[str, ...]:
    """Return the named features that take no part, and that may offer *contract*."""
    return tuple(
        name for name, offers in sorted(unloaded.items()) if offers is None or contract in offers
    )
