"""K111, K121 to K123, K412: who answers a contract, in which order, and on top of whom."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from mercato_composition.deployment import edits
from mercato_composition.deployment.file import Source
from mercato_composition.faults import Fault, Place
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.checks.choices import ways_to_choose
from mercato_composition.features.discovery import Unloaded, may_offer
from mercato_composition.features.relations import Listed, Offered, OffersByContract, names_of
from mercato_composition.features.sources import how_to_get
from mercato_kit.contracts import has_many, is_ordered
from mercato_kit.feature import contract_id


def one_offer_each(
    offers: OffersByContract, capabilities: Listed, unloaded: Unloaded, source: Source
) -> Iterator[Fault]:
    """Check that one feature answers a contract that has one, or that one is chosen (K111)."""
    for contract, rivals in offers.items():
        id_ = contract_id(contract)
        names = [one.name for one in rivals]
        choice = capabilities.get(id_)
        if len(rivals) < 2 or choice in names or has_many(contract):
            continue
        lines = [f"{feature.where} offers {id_} {offer.version}" for feature, offer in rivals]
        what = "\n".join([f"{len(rivals)} enabled features offer {id_}:", *lines])
        yield Fault(
            "K111",
            _place(id_, "capabilities"),
            what,
            ways_to_choose(source, id_, names),
            feature=rivals[-1].feature.name,
            follows=(choice,) if isinstance(choice, str) and choice in unloaded else (),
        )


def one_name_each(
    offers: OffersByContract, capabilities: Listed, source: Source
) -> Iterator[Fault]:
    """Check that the providers of a contract have a name each (K412)."""
    for contract, rivals in offers.items():
        id_ = contract_id(contract)
        names = [one.name for one in rivals]
        # Between two of a contract that one answers, K111 makes the operator choose.
        asked = names if has_many(contract) else [capabilities.get(id_)]
        for name in sorted({one for one in names if names.count(one) > 1 and one in asked}):
            same = [one.feature for one in rivals if one.name == name]
            owners = list(dict.fromkeys(one.name for one in same))
            times = "twice" if len(same) == 2 else f"{len(same)} times"
            who = ", ".join(one.where for one in same)
            yield Fault(
                "K412",
                _place(id_, "capabilities"),
                f"offered {times} under the name {name!r}: {who}.",
                tuple(edits.remove(source, ("features", one), "choice") for one in owners),
                feature=owners[-1],
                mark=name,
            )


def something_below(
    features: Sequence[Candidate],
    offers: OffersByContract,
    unloaded: Unloaded,
    load_others: Callable[[], Sequence[Candidate]],
    named: Collection[str],  # noqa: ARG001 - a feature that is unknown may offer it
    source: Source,
) -> Iterator[Fault]:
    """Check that each contract that a feature decorates is offered (K121)."""
    for feature in features:
        for one in feature.manifest.decorates:
            if one.contract not in offers:
                what = (
                    f"decorates {one.id} {one.version}, and no enabled feature offers {one.id}: "
                    "there is nothing below it."
                )
                broken = may_offer(one.id, unloaded)
                fixes = how_to_get(one.contract, broken, load_others, source)
                yield replace(feature.fault("K121", what, *fixes, mark=one.id), follows=broken)


def decorators_in_order(
    decorating: OffersByContract, decorators: Listed, source: Source
) -> Iterator[Fault]:
    """Check that it is said which of several decorators is outermost (K122)."""
    for contract, rivals in decorating.items():
        id_ = contract_id(contract)
        said = names_of(decorators.get(id_))
        names = sorted(one.name for one in rivals)
        if (said is None and len(names) < 2) or set(names) <= set(said or ()):
            continue
        are = "enabled feature decorates" if len(names) == 1 else "enabled features decorate"
        what = f"{len(names)} {are} it, and their order decides the answer: {_where(rivals)}."
        given = [*dict.fromkeys(name for name in said or () if name in names)]
        listed = [*given, *(name for name in names if name not in given)]
        fix = edits.set_value(source, ("decorators", id_), listed, "choice")
        yield Fault("K122", _place(id_, "decorators"), what, (fix,), feature=names[-1])


def order_is_said(
    answers: OffersByContract, capabilities: Listed, source: Source
) -> Iterator[Fault]:
    """Warn where the order of providers changes results, and nothing gives it (K123)."""
    for contract, offers in answers.items():
        id_ = contract_id(contract)
        names = [one.name for one in offers]
        # Two of one name (K412) are in no order.
        if len(set(names)) < len(names) or len(names) < 2:
            continue
        if id_ in capabilities or not is_ordered(contract):
            continue
        what = (
            f"the order of its {len(names)} providers changes totals, and {source.name} does not "
            f"give it; now by name: {', '.join(names)}."
        )
        fix = edits.set_value(source, ("capabilities", id_), names, "choice")
        yield Fault("K123", _place(id_, "capabilities"), what, (fix,), "warning")


def _place(id_: str, table: str) -> Place:
    return Place(name=f"contract {id_}", path=(table, id_))


def _where(offers: Sequence[Offered]) -> str:
    return ", ".join(one.feature.where for one in sorted(offers, key=lambda one: one.name))
