"""Report on one contract: which features offer it, need it and pin its version."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import (
    PackageNotFoundError,
    distribution,
    packages_distributions,
    requires,
    version,
)
from typing import Any

import click
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mercato_composition.deployment.host import host_requirements
from mercato_composition.deployment.partial import known_or
from mercato_composition.faults import did_you_mean
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.discovery import load_others
from mercato_composition.features.plan import Plan, answers_in
from mercato_composition.features.relations import Answered, Offered, needs_between
from mercato_composition.report.answers import (
    as_words,
    describe_answers,
    late_of,
    order_in_words,
)
from mercato_kit.contracts import has_many
from mercato_kit.feature import Decorates, Offer, contract_id

Row = dict[str, str]


def trace_contract(id_: str, plan: Plan) -> dict[str, Any]:
    """Return the members of the report on the contract *id_*: offers, needs, and version pins.

    Raises:
        click.BadParameter: No installed feature offers or needs a contract of this id.
    """
    enabled = [*plan.features, *plan.absent]
    names = {*plan.draft.features, *(feature.name for feature in enabled)}
    features = [*enabled, *load_others(names)]
    needs = list(needs_between(features, answers_in(features, plan.draft)))
    contract = _find(id_, features, needs)
    offering = [one for one in features if any(_answers_of(one, contract))]
    needing = [one for one in needs if one.need.contract is contract]
    wheel = _wheel_of(contract)
    concerned = [*offering, *(one.feature for one in needing)]
    return {
        "contract": id_,
        "protocol": f"{contract.__module__}.{contract.__qualname__}",
        "release": f"{wheel} {version(wheel)}" if wheel else None,
        "answers": "many" if has_many(contract) else "one",
        "order": order_in_words(plan, contract),
        "offered_by": _distinct(_offers(contract, offering, plan)),
        "needed_by": _distinct(_needs(needing, plan)),
        "expanded_by": list(_expansions(contract, features, plan)),
        "pinned_by": _distinct(_pins(concerned, features, plan, wheel)),
    }


def as_text(report: Mapping[str, Any]) -> Iterator[str]:
    """Give the lines of a report."""
    place = f", from {report['release']}" if report["release"] else ""
    yield f"{report['contract']} ({report['protocol']}{place})"
    if report["order"]:
        word = "answered by" if report["answers"] == "many" else "stack"
        yield f"{word}: {report['order']}"
    expanded = ("expanded_by",) if report["expanded_by"] else ()
    for key in ("offered_by", "needed_by", *expanded, "pinned_by"):
        yield from _section(key.replace("_", " "), report[key])


def _distinct(rows: Iterable[Row]) -> list[Row]:
    return [*{tuple(row.values()): row for row in rows}.values()]


def _find(id_: str, features: Sequence[Candidate], needs: Sequence[Answered]) -> type[Any]:
    contracts = [offer.contract for feature in features for offer in feature.manifest.offers]
    contracts += [one.contract for feature in features for one in feature.manifest.decorates]
    contracts += [one.need.contract for one in needs]
    known = {contract_id(contract): contract for contract in contracts}
    if id_ in known:
        return known[id_]
    names = ", ".join(sorted(known)) or "none"
    meant = did_you_mean(id_, known)
    raise click.BadParameter(
        f"no feature offers or needs a contract {id_!r}.{meant} Contracts: {names}"
    )


def _answers_of(feature: Candidate, contract: type[Any]) -> Iterator[Offered]:
    """Give the offers and decorators of a feature for *contract*."""
    answers: list[Offer | Decorates[Any]] = [*feature.manifest.offers, *feature.manifest.decorates]
    yield from (Offered(feature, one) for one in answers if one.contract is contract)


def _offers(contract: type[Any], offering: Sequence[Candidate], plan: Plan) -> Iterator[Row]:
    id_ = contract_id(contract)
    is_chosen = id_ in known_or(plan.draft.capabilities, {})
    where = plan.draft.source.origin("capabilities", id_).in_short
    answers = plan.answers.get(contract, [])
    for offered in (one for feature in offering for one in _answers_of(feature, contract)):
        feature, state = offered.feature, _state(offered.feature, plan)
        if isinstance(offered.offer, Decorates):
            state = state or "decorates"
        elif is_chosen:
            state = state or (f"chosen in {where}" if offered in answers else "not chosen")
        who = (
            feature.where if offered.name == feature.name else f"{feature.where} as {offered.name}"
        )
        remote = f", remote, late: {late_of(plan, offered)}" if offered.remote else ""
        version = offered.offer.version
        yield {"feature": who, "version": version, "state": f"{state or 'enabled'}{remote}"}


def _needs(needing: Sequence[Answered], plan: Plan) -> Iterator[Row]:
    answers = {
        (one.feature.name, one.need): one for one in needs_between(plan.features, plan.answers)
    }
    for one in needing:
        answered = answers.get((one.feature.name, one.need))
        if answered is None:
            answer = _state(one.feature, plan)
        elif answered.by is None or answered.offer is None:
            answer = "not offered"
        else:
            verb = "answered by" if answered.fits else "does not fit"
            found = describe_answers(plan, answered.answers)
            answer = f"{verb} {as_words(found, many=has_many(one.need.contract))}"
        who = f"{one.feature.where} (its glue)" if one.glue else one.feature.where
        if answered is not None and not answered.answers and not one.need.at_least:
            answer = "not offered, works without"
        yield {"feature": who, "versions": one.need.versions, "state": answer}


def _expansions(contract: type[Any], features: Sequence[Candidate], plan: Plan) -> Iterator[Row]:
    for feature in features:
        for one in feature.manifest.expansions:
            if one.contract is contract:
                state = _state(feature, plan)
                yield {
                    "feature": feature.where,
                    "member": f"{one.word}: {one.name}",
                    "state": state,
                }


def _state(feature: Candidate, plan: Plan) -> str:
    if feature.name in plan.left_out:
        return "left out"
    composed = {one.name for one in plan.features}
    return "" if feature.name in composed else "installed, not enabled"


def _pins(
    concerned: Sequence[Candidate],
    features: Sequence[Candidate],
    plan: Plan,
    wheel: str | None,
) -> Iterator[Row]:
    """Give the requirements on the distributions that offer, need or define the contract."""
    names = {canonicalize_name(one.distribution) for one in concerned if one.distribution}
    names |= {canonicalize_name(wheel)} if wheel else set()
    for name, choice in plan.draft.features.items():
        if choice.package and name in {one.name for one in concerned}:
            where = plan.draft.source.origin("features", name, "package").in_short
            yield {"by": where, "requirement": choice.package}
    pinning = {feature.distribution for feature in features if feature.distribution}
    for owner in sorted({*host_requirements(), *pinning}):
        for requirement in _requirements(owner):
            if canonicalize_name(requirement.name) in names:
                yield {"by": f"{owner} {version(owner)}", "requirement": str(requirement)}


def _requirements(owner: str) -> Iterator[Requirement]:
    try:
        texts = requires(owner) or ()
    except PackageNotFoundError:
        return
    for text in texts:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


def _wheel_of(contract: type[Any]) -> str | None:
    """Return the name of the distribution that has the contract's module."""
    package = contract.__module__.partition(".")[0]
    found = packages_distributions().get(package)
    # An editable installation does not list its packages. Mercato's have the distribution's name.
    return found[0] if found else _if_installed(package.replace("_", "-"))


def _if_installed(name: str) -> str | None:
    try:
        return distribution(name).name
    except PackageNotFoundError:
        return None


def _section(title: str, rows: Sequence[Row]) -> Iterator[str]:
    yield title if rows else f"{title}: none"
    cells = [tuple(row.values()) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield f"    {line}".rstrip()
