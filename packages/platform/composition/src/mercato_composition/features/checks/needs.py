"""K108 to K112: what features need of each other, who offers it, and what excludes what."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import Fault, Outside, Place, did_you_mean
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.discovery import load_others
from mercato_composition.features.order import Ring, order
from mercato_composition.features.relations import (
    OffersByContract,
    answers_by_contract,
    offers_by_contract,
    satisfies,
)
from mercato_kit.feature import Need, contract_id


def chosen(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Fault]:
    """Check that each choice in ``[capabilities]`` can be followed (K202, K203)."""
    offering: dict[str, list[str]] = {}
    for contract, offers in offers_by_contract(features).items():
        offering.setdefault(contract_id(contract), []).extend(one.name for one, _ in offers)
    for id_, name in deployment.capabilities.items():
        where = deployment.source.origin("capabilities", id_)
        if id_ not in offering:
            what = f"no enabled feature offers a contract {id_!r}.{did_you_mean(id_, offering)}"
            fix = "correct the name, or remove the line"
            yield Fault("K203", where, what, (Outside(fix),), follows=_broken(features, deployment))
        elif name not in offering[id_]:
            able = ", ".join(offering[id_])
            meant = did_you_mean(name, offering[id_])
            what = f"{id_} = {name!r}: no enabled feature of this name offers {id_}.{meant}"
            fix = f"choose one of {able}, or remove the line"
            broken = (name,) if name in _broken(features, deployment) else ()
            yield Fault("K202", where, what, (Outside(fix),), follows=broken)


def offered(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Fault]:
    """Check that every contract a feature needs is offered (K108)."""
    offers = offers_by_contract(features)
    for feature in features:
        for need in feature.manifest.needs:
            if need.contract not in offers:
                what = f"needs {need.id} {need.versions}, which no enabled feature offers."
                fault = feature.fault(
                    "K108", what, Outside(_how_to_get(need, features, deployment))
                )
                yield replace(fault, follows=_broken(features, deployment))


def versions(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Fault]:
    """Check that a version is offered that will do, by the chosen one where one is (K109)."""
    offers = answers_by_contract(features, deployment.capabilities)
    for feature in features:
        for need in feature.manifest.needs:
            candidates = offers.get(need.contract, [])
            if not candidates or any(satisfies(offer, need) for _, offer in candidates):
                continue
            there = ", ".join(f"{offer.version} from {who.release}" for who, offer in candidates)
            what = f"needs {need.id} {need.versions}; enabled features offer {there}."
            behind = " or ".join([feature.release, *(who.release for who, _ in candidates)])
            why = f"`mercato why {need.id}` shows who pins what"
            yield feature.fault(
                "K109", what, Outside(f"upgrade the one that is behind, {behind}: {why}")
            )


def one_offer_each(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Fault]:
    """Check that one feature answers each contract, or that the operator chose one (K111)."""
    for contract, offers in offers_by_contract(features).items():
        id_ = contract_id(contract)
        names = [feature.name for feature, _ in offers]
        if len(offers) < 2 or deployment.capabilities.get(id_) in names:
            continue
        lines = [f"{feature.where} offers {id_} {offer.version}" for feature, offer in offers]
        what = "\n".join([f"{len(offers)} enabled features offer {id_}:", *lines])
        fix = f'choose one in {deployment.source.name}: [capabilities] {id_} = "{names[0]}"'
        yield Fault(
            "K111",
            Place(name=f"contract {id_}", path=("capabilities", id_)),
            what,
            (Outside(fix),),
            feature=names[-1],
        )


def rings(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Fault]:
    """Check that features can be put in an order (K110)."""
    try:
        order(features, deployment.capabilities)
    except Ring as ring:
        offers = answers_by_contract(features, deployment.capabilities)
        steps = zip(ring.members[:-1], ring.members[1:], strict=True)
        what = "\n".join(
            f"{one.name} -> {other.name} because {one.name} needs "
            f"{_contract_between(one, other, offers)}"
            for one, other in steps
        )
        fix = (
            "let one publish an event instead of calling; or let it ask with services.find() and "
            "work without an answer; or move what both need into a feature of its own"
        )
        # Where the operator allows one of them to be absent, the others start without it.
        first = next((one for one in ring.members if not one.required), ring.members[0])
        yield first.fault("K110", f"features need each other in a ring:\n{what}", Outside(fix))


def exclusions(features: Sequence[Candidate], _deployment: Deployment) -> Iterator[Fault]:
    """Check that no feature excludes another one that is on (K112)."""
    for feature in features:
        for other in features:
            if reason := feature.manifest.excludes.get(other.name):
                what = f"must not run beside {other.where}: {reason}"
                fix = f"leave one of them out: [features.{feature.name}] or [features.{other.name}]"
                yield feature.fault("K112", what, Outside(fix))


def _contract_between(one: Candidate, other: Candidate, offers: OffersByContract) -> str:
    return ", ".join(
        need.id
        for need in one.manifest.needs
        if any(feature is other for feature, _ in offers.get(need.contract, []))
    )


def _how_to_get(need: Need, features: Sequence[Candidate], deployment: Deployment) -> str:
    file = deployment.source.name
    if broken := _broken(features, deployment):
        return f"first fix the features that could not be loaded: {', '.join(broken)}"
    for other in load_others(deployment.features):
        if any(offer.contract is need.contract for offer in other.manifest.offers):
            return f"add [features.{other.name}] to {file} (installed, not enabled)"
    return f"install a feature that offers {need.id}, and add it to {file}"


def _broken(features: Sequence[Candidate], deployment: Deployment) -> tuple[str, ...]:
    """Name the features that the deployment asks for and that take no part."""
    return tuple(sorted(deployment.features.keys() - {one.name for one in features}))
