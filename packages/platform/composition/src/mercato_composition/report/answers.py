"""What answers contracts, as JSON values and as text."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mercato_composition.deployment.partial import known_or
from mercato_composition.deployment.remotes import terms_in
from mercato_composition.features.plan import Plan
from mercato_composition.features.relations import Offered, offers_by_contract
from mercato_kit.contracts import has_many, is_ordered
from mercato_kit.feature import Decorates, contract_id


def describe_contracts(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return what is known of each contract that a feature of the plan offers, by its id."""
    offers = offers_by_contract(plan.features)
    return {
        contract_id(contract): {
            "answers": "many" if has_many(contract) else "one",
            "ordered": is_ordered(contract),
            "order_from": order_from(plan, contract),
            "stack": [] if has_many(contract) else [one.name for one in found],
            "providers": [
                {
                    "name": one.name,
                    "feature": one.feature.name,
                    "distribution": one.feature.distribution,
                    "version": one.offer.version,
                    "remote": one.remote,
                    "late": late_of(plan, one),
                    "chosen": one in found,
                }
                for one in _sorted(offers[contract], found)
            ],
        }
        for contract, found in plan.answers.items()
    }


def order_from(plan: Plan, contract: type[Any]) -> str | None:
    """Return the place of the operator's order of providers or decorators; None for by name."""
    table = "capabilities" if has_many(contract) else "decorators"
    said = known_or(getattr(plan.draft, table), {})
    id_ = contract_id(contract)
    return plan.draft.source.origin(table, id_).in_short if id_ in said else None


def late_of(plan: Plan, offered: Offered) -> str | None:
    """Return what happens when a provider is late; None for a local one."""
    if not offered.remote:
        return None
    return terms_in(known_or(plan.draft.remote, {}), offered.offer.id, offered.name).late


def describe_answers(plan: Plan, answers: Iterable[Offered]) -> list[dict[str, Any]]:
    """Return the names and versions of answers, in their order."""
    return [
        {
            "name": one.name,
            "version": one.offer.version,
            "decorates": isinstance(one.offer, Decorates),
            "remote": one.remote,
            "late": late_of(plan, one),
        }
        for one in answers
    ]


def as_words(answers: Sequence[Mapping[str, Any]], *, many: bool) -> str:
    """Write answers as text: ``vouchers 1.0, loyalty 1.0`` or ``b2b 1.0 over products 1.1``.

    A remote one has its terms behind it: ``(remote, late: skip)``.
    """
    words = [f"{one['name']} {one['version']}{_terms(one)}" for one in answers]
    return (", " if many else " over ").join(words) or "none"


def order_in_words(plan: Plan, contract: type[Any]) -> str | None:
    """Return who answers a contract in which order, and where that is said.

    None for a contract that one answers and none decorates.
    """
    found, many = plan.answers.get(contract, []), has_many(contract)
    if not many and len(found) < 2:
        return None
    names = (", " if many else " over ").join(one.name for one in found) or "none"
    return f"{names} ({order_from(plan, contract) or 'by name'})"


def _terms(answer: Mapping[str, Any]) -> str:
    return f" (remote, late: {answer['late']})" if answer["remote"] else ""


def _sorted(offers: Sequence[Offered], found: Sequence[Offered]) -> list[Offered]:
    """Return the offers that answer, in their order, then the others by name."""
    answering = [one for one in found if one in offers]
    others = [one for one in offers if one not in answering]
    return [*answering, *sorted(others, key=lambda one: one.name)]
