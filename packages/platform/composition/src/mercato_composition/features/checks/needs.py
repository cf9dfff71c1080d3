"""K108 to K110, K112, K206: what features need of each other, and what excludes what."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from mercato_composition.deployment import edits
from mercato_composition.deployment.file import Source
from mercato_composition.faults import Fault, Fix, Outside
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.checks.unsafe import Unsafe
from mercato_composition.features.discovery import Unloaded, may_offer
from mercato_composition.features.order import Ring, order, required
from mercato_composition.features.relations import (
    Listed,
    Offered,
    OffersByContract,
    names_of,
    satisfies,
)
from mercato_composition.features.sources import how_to_get
from mercato_kit.contracts import has_many
from mercato_kit.feature import Decorates, Need


def offered(
    features: Sequence[Candidate],
    offers: OffersByContract,
    unloaded: Unloaded,
    load_others: Callable[[], Sequence[Candidate]],
    named: Collection[str],  # noqa: ARG001 - a feature that is unknown may offer it
    source: Source,
) -> Iterator[Fault]:
    """Check that every contract that a feature cannot do without is offered (K108)."""
    for feature in features:
        for need in feature.manifest.needs:
            if need.at_least and need.contract not in offers:
                what = f"needs {need.id} {need.versions}, which no enabled feature offers."
                broken = may_offer(need.id, unloaded)
                fixes = how_to_get(need.contract, broken, load_others, source)
                yield replace(feature.fault("K108", what, *fixes), follows=broken)


def lacking(
    features: Sequence[Candidate],
    offers: OffersByContract,
    unloaded: Unloaded,
    load_others: Callable[[], Sequence[Candidate]],
    named: Collection[str],  # noqa: ARG001 - a feature that is unknown may offer it
    environment: str,
    source: Source,
) -> Iterator[Fault]:
    """Warn in development of what is lacking without a contract (K108)."""
    if environment == "development":
        for feature, need in _unanswered(features, offers):
            broken = may_offer(need.id, unloaded)
            fixes = how_to_get(need.contract, broken, load_others, source)
            found = feature.fault("K108", _lack(need), *fixes)
            yield replace(found, severity="warning", follows=broken)


def lacking_in_production(
    features: Sequence[Candidate],
    offers: OffersByContract,
    unloaded: Unloaded,
    load_others: Callable[[], Sequence[Candidate]],
    named: Collection[str],  # noqa: ARG001 - as above
    source: Source,
) -> Iterator[Unsafe]:
    """Refuse in production what is lacking without a contract (K206)."""
    for feature, need in _unanswered(features, offers):
        broken = may_offer(need.id, unloaded)
        yield Unsafe(
            rule=f"{feature.name}.{need.id}",
            place=feature.place,
            what=_lack(need),
            fixes=(*how_to_get(need.contract, broken, load_others, source),),
            acceptable=True,
            feature=feature.name,
        )


def _unanswered(
    features: Sequence[Candidate], offers: OffersByContract
) -> Iterator[tuple[Candidate, Need]]:
    for feature in features:
        for need in feature.manifest.needs:
            if need.without is not None and need.contract not in offers:
                yield feature, need


def _lack(need: Need) -> str:
    return f"{need.without}: no enabled feature offers {need.id} {need.versions}."


def enough(
    features: Sequence[Candidate],
    offers: OffersByContract,
    answers: OffersByContract,
    capabilities: Listed,
    unloaded: Unloaded,
    source: Source,
) -> Iterator[Fault]:
    """Check that of many providers as many answer as a feature needs (K108)."""
    for feature in features:
        for need in feature.manifest.needs:
            enabled = [one.name for one in offers.get(need.contract, ())]
            count = len(answers.get(need.contract, ()))
            if not enabled or not has_many(need.contract) or count >= need.at_least:
                continue
            listed = names_of(capabilities.get(need.id))
            what = f"needs {need.at_least} or more {need.id} {need.versions}; "
            what += _too_few(need.id, sorted(enabled), listed, count)
            fixes = _how_to_list(need, enabled, listed, source)
            follows = may_offer(need.id, unloaded)
            yield replace(feature.fault("K108", what, *fixes), follows=follows)


def _too_few(id_: str, enabled: Sequence[str], listed: Sequence[str] | None, count: int) -> str:
    names = ", ".join(enabled)
    if listed is None:
        return f"{count} enabled: {names}."
    leaves_out = "all" if not count else f"all but {count}"
    return f"[capabilities] {id_} leaves out {leaves_out} that are enabled: {names}."


def _how_to_list(
    need: Need, enabled: Sequence[str], listed: Sequence[str] | None, source: Source
) -> list[Fix]:
    """Return the fixes of a list that is too short, if it leaves enough out."""
    if listed is None or len(enabled) < need.at_least:
        return [Outside(f"enable another feature that offers {need.id}")]
    path = ("capabilities", need.id)
    kept = [name for name in listed if name in enabled]
    left = [name for name in enabled if name not in kept]
    more = [[name] for name in left] if len(kept) + 1 == need.at_least else [left]
    named = [edits.set_value(source, path, [*kept, *some], "choice") for some in more]
    return [*named, edits.remove(source, path, "choice")]


def versions(
    features: Sequence[Candidate],
    answers: OffersByContract,
    unloaded: Unloaded,
    named: Collection[str],  # noqa: ARG001 - a feature that is unknown may offer another one
) -> Iterator[Fault]:
    """Check that what answers a need is of a version that will do (K109)."""
    for feature in features:
        for need in feature.manifest.needs:
            unfit = _unfit(need, answers.get(need.contract, []))
            if not unfit:
                continue
            there = ", ".join(f"{offer.version} from {who.release}" for who, offer in unfit)
            what = f"needs {need.id} {need.versions}; enabled features offer {there}."
            behind = " or ".join([feature.release, *(who.release for who, _ in unfit)])
            why = f"`mercato why {need.id}` shows who pins what"
            fix = Outside(f"upgrade the one that is behind, {behind}: {why}")
            broken = may_offer(need.id, unloaded)
            yield replace(feature.fault("K109", what, fix), follows=broken)


def _unfit(need: Need, answers: Sequence[Offered]) -> Sequence[Offered]:
    """Return the answers in another version: of a stack the outermost one answers."""
    if answers and isinstance(answers[0].offer, Decorates):
        answers = answers[:1]
    unfit = [one for one in answers if not satisfies(one.offer, need)]
    # Where the operator has not chosen one yet, one that fits will do.
    return unfit if has_many(need.contract) or len(unfit) == len(answers) else ()


def rings(features: Sequence[Candidate], answers: OffersByContract) -> Iterator[Fault]:
    """Check that features can be put in an order (K110)."""
    try:
        order(features, answers)
    except Ring as ring:
        steps = zip(ring.members[:-1], ring.members[1:], strict=True)
        what = "\n".join(
            f"{one.name} -> {other.name} because {one.name} {_reason(one, other, answers)}"
            for one, other in steps
        )
        fix = (
            "let one publish an event instead of calling; or let it need the contract with "
            "at_least=0 and work without; or move what both need into a feature of its own"
        )
        # Where the operator allows one of them to be absent, the others start without it.
        first = next((one for one in ring.members if not one.required), ring.members[0])
        yield first.fault("K110", f"features need each other in a ring:\n{what}", Outside(fix))


def _reason(one: Candidate, other: Candidate, answers: OffersByContract) -> str:
    """Return why *one* starts after *other*: ``needs catalog``."""
    return " and ".join(
        reason
        for reason, offers in required(one, answers)
        if any(offered.feature is other for offered in offers)
    )


def exclusions(features: Sequence[Candidate], source: Source) -> Iterator[Fault]:
    """Check that no feature excludes another one that is on (K112)."""
    for feature in features:
        for other in features:
            if reason := feature.manifest.excludes.get(other.name):
                what = f"must not run beside {other.where}: {reason}"
                names = (feature.name, other.name)
                fixes = [edits.remove(source, ("features", name), "choice") for name in names]
                yield feature.fault("K112", what, *fixes)
