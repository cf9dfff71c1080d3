"""Report on one contract: which features offer it, need it and pin its version."""

from collections.abc import Iterator, Sequence
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
from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import did_you_mean
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.discovery import load
from mercato_composition.features.installed import installed_features
from mercato_composition.features.plan import Plan
from mercato_composition.features.relations import needs_between
from mercato_kit.feature import Need, contract_id

Row = tuple[str, ...]


def trace_contract(id_: str, deployment: Deployment, plan: Plan) -> Iterator[str]:
    """Give the lines of the report on the contract *id_*: offers, needs, and version pins.

    Raises:
        click.BadParameter: No installed feature offers or needs a contract of this id.
    """
    enabled = [*plan.features, *plan.absent]
    features = [*enabled, *_not_enabled(deployment, enabled)]
    known = {contract_id(contract): contract for contract in _contracts(features)}
    if id_ not in known:
        names = ", ".join(sorted(known)) or "none"
        meant = did_you_mean(id_, known)
        raise click.BadParameter(
            f"no feature offers or needs a contract {id_!r}.{meant} Contracts: {names}"
        )
    contract = known[id_]
    wheel = _wheel_of(contract)
    place = f", from {wheel} {version(wheel)}" if wheel else ""
    yield f"{id_} ({contract.__module__}.{contract.__qualname__}{place})"
    yield from _section("offered by", _offers(contract, features, deployment, plan))
    yield from _section("needed by", _needs(contract, features, deployment, plan))
    yield from _section("pinned by", _pins(contract, features, deployment, wheel))


def _not_enabled(deployment: Deployment, enabled: Sequence[Candidate]) -> Iterator[Candidate]:
    """Load the installed features that the deployment does not name."""
    enabled_names = {feature.name for feature in enabled}
    for name, entries in installed_features().items():
        if name in enabled_names or name in deployment.features or len(entries) != 1:
            continue
        feature = load(entries[0])
        if isinstance(feature, Candidate):
            yield feature


def _contracts(features: Sequence[Candidate]) -> Iterator[type[Any]]:
    for feature in features:
        yield from (offer.contract for offer in feature.manifest.offers)
        yield from (need.contract for need, _ in _needs_of(feature))


def _needs_of(feature: Candidate) -> Iterator[tuple[Need, str]]:
    """Give a feature's needs, each with a suffix that marks those of its glue."""
    for need in feature.manifest.needs:
        yield need, ""
    for glue in feature.manifest.glue:
        yield from ((need, " (its glue)") for need in glue.when if isinstance(need, Need))


def _offers(
    contract: type[Any], features: Sequence[Candidate], deployment: Deployment, plan: Plan
) -> Iterator[Row]:
    id_ = contract_id(contract)
    chosen = deployment.capabilities.get(id_)
    for feature in features:
        for offer in feature.manifest.offers:
            if offer.contract is not contract:
                continue
            state = _state(feature, plan)
            if not state and chosen:
                where = deployment.source.origin("capabilities", id_)
                state = f"chosen in {where}" if chosen == feature.name else "not chosen"
            yield feature.where, offer.version, state or "enabled"


def _needs(
    contract: type[Any], features: Sequence[Candidate], deployment: Deployment, plan: Plan
) -> Iterator[Row]:
    answers = {
        (one.feature.name, one.need): one
        for one in needs_between(plan.features, deployment.capabilities)
    }
    for feature in features:
        for need, suffix in _needs_of(feature):
            if need.contract is not contract:
                continue
            one = answers.get((feature.name, need))
            if one is None:
                answer = _state(feature, plan)
            elif one.by is None or one.offer is None:
                answer = "not offered"
            else:
                verb = "answered by" if one.fits else "does not fit"
                answer = f"{verb} {one.by.name} {one.offer.version}"
            yield feature.where + suffix, need.versions, answer


def _state(feature: Candidate, plan: Plan) -> str:
    if feature.name in plan.left_out:
        return "left out"
    composed = {one.name for one in plan.features}
    return "" if feature.name in composed else "installed, not enabled"


def _pins(
    contract: type[Any], features: Sequence[Candidate], deployment: Deployment, wheel: str | None
) -> Iterator[Row]:
    """Give the requirements on the distributions that offer, need or define the contract."""
    concerned = [one for one in features if _concerns(one, contract)]
    names = {canonicalize_name(one.distribution) for one in concerned if one.distribution}
    names |= {canonicalize_name(wheel)} if wheel else set()
    for name, choice in deployment.features.items():
        if choice.package and name in {one.name for one in concerned}:
            yield deployment.source.origin("features", name, "package"), choice.package
    pinning = {feature.distribution for feature in features if feature.distribution}
    for owner in sorted({*host_requirements(), *pinning}):
        for requirement in _requirements(owner):
            if canonicalize_name(requirement.name) in names:
                yield f"{owner} {version(owner)}", str(requirement)


def _concerns(feature: Candidate, contract: type[Any]) -> bool:
    needed = any(need.contract is contract for need, _ in _needs_of(feature))
    return needed or any(offer.contract is contract for offer in feature.manifest.offers)


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


def _section(title: str, rows: Iterator[Row]) -> Iterator[str]:
    found = list(dict.fromkeys(rows))
    yield title if found else f"{title}: none"
    widths = [max(map(len, column)) for column in zip(*found, strict=True)]
    for row in found:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield f"    {'  '.join(cells)}".rstrip()
