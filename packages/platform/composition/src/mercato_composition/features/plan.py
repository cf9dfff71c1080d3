"""Compose a deployment: find its features, check that they fit, and order them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from mercato_composition.deployment.draft import Draft
from mercato_composition.deployment.model import Deployment
from mercato_composition.deployment.partial import Hole, known_or
from mercato_composition.faults import DeploymentError, Fault, in_order
from mercato_composition.features.answers import resolved
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.checks import MAKERS, check, malformed
from mercato_composition.features.conditional import with_glue
from mercato_composition.features.discovery import find
from mercato_composition.features.facts import Facts
from mercato_composition.features.hints import items
from mercato_composition.features.order import Ring, order
from mercato_composition.features.relations import (
    OffersByContract,
    answers_by_contract,
    offers_by_contract,
)
from mercato_composition.features.settings import read_settings
from mercato_kit.composition import Answer
from mercato_kit.events import Handler
from mercato_kit.feature import Expansion, Feature
from mercato_kit.http import Blueprint


@dataclass(frozen=True)
class Plan:
    """The composed features of a deployment, with their settings, and its faults.

    Args:
        draft: The deployment, as far as it is known.
        features: Its features in dependency order.
        settings: Each feature's settings, by feature name; without those that have faults.
        faults: Its faults. If one is an error, the deployment cannot be started.
        answers: What answers each contract: many offers in order, or the decorators, outermost
            first, and the offer below them.
        left_out: Optional features that have faults, by name, with the reason.
        absent: The features left out that could be loaded.
        not_checked: What could not be checked, because a fault makes it unknown.
    """

    draft: Draft
    features: tuple[Candidate, ...]
    settings: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()
    answers: OffersByContract = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[Candidate, ...] = ()
    not_checked: tuple[Hole, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the deployment can be started: no fault is an error."""
        return all(fault.severity == "warning" for fault in self.faults)

    @property
    def accepted(self) -> tuple[Fault, ...]:
        """The warnings about what the operator accepts in production."""
        return tuple(fault for fault in self.faults if fault.accepted)

    @property
    def resolved(self) -> Mapping[type[Any], tuple[Answer, ...]]:
        """What answers each contract, as the kit registers it."""
        offers = offers_by_contract(self.features)
        return resolved(self.answers, offers, known_or(self.draft.remote, {}))

    @cached_property
    def deployment(self) -> Deployment:
        """The deployment.

        Raises:
            DeploymentError: It cannot be started; with all faults.
        """
        return self.require_fit().draft.whole()

    def require_fit(self) -> "Plan":
        """Return the plan itself, if the deployment can be started.

        Raises:
            DeploymentError: It cannot; with all faults.
        """
        if not self.fits:
            raise DeploymentError(self.faults)
        return self


def compose(deployment: Draft | Deployment, extra: Iterable[Feature] = ()) -> Plan:
    """Find, check and order the features of *deployment*. Makes no app, and asks no database.

    A feature with ``required = false`` that has faults is left out, and its faults become
    warnings. The remaining features are then checked again without it.

    Args:
        deployment: The deployment, or what is known of it.
        extra: Manifests that are composed too, whether the deployment names them or not.
    """
    draft = deployment if isinstance(deployment, Draft) else Draft.of(deployment)
    found, found_faults = find(draft, tuple(extra))
    # Of two features that clash the later one gets the fault, so optional features come last.
    features = sorted(found, key=lambda one: not one.required)
    optional = {name for name, choice in draft.features.items() if not choice.required}
    said = [_following(fault, draft, found) for fault in draft.faults]
    faults, left_out = _sort_out([*said, *found_faults], optional)
    absent: list[Candidate] = []
    while True:
        composed = with_glue(features)
        examined = _examine(composed, found, draft)
        kept, gone = _sort_out(examined.faults, optional)
        if not gone:
            break
        left_out |= gone
        faults += [fault for fault in kept if fault.severity == "warning"]
        absent += [_without_invalid_items(feature) for feature in composed if feature.name in gone]
        features = [feature for feature in features if feature.name not in gone]
    composable = _without_malformed(composed, kept)
    answers = answers_in(composable, draft)
    return Plan(
        draft=draft,
        features=_ordered(composable, answers),
        settings=examined.settings,
        faults=tuple(in_order([*faults, *kept])),
        answers=answers,
        left_out=left_out,
        absent=tuple(absent),
        not_checked=(*_settings_of_unloaded(draft, found, found_faults), *examined.holes),
    )


@dataclass(frozen=True)
class _Examined:
    """What the checks of one round found."""

    settings: Mapping[str, Any]
    faults: Sequence[Fault]
    holes: Sequence[Hole]


def _examine(features: list[Candidate], loaded: Sequence[Candidate], draft: Draft) -> _Examined:
    faults = malformed(features)
    well_formed = _without_malformed(features, faults)
    settings, mistakes = read_settings(well_formed, draft)
    given = {one.name: getattr(draft, one.name) for one in fields(draft)}
    given |= {"choices": draft.features, "features": well_formed, "loaded": loaded}
    facts = Facts(given | {"settings": settings}, MAKERS)
    faults += [*mistakes, *check(facts)]
    made = {
        feature.name: settings[feature.name].settings
        for feature in well_formed
        if feature.manifest.settings is not None and settings[feature.name].settings is not None
    }
    return _Examined(made, faults, tuple(facts.holes.values()))


def _following(fault: Fault, draft: Draft, loaded: Sequence[Candidate]) -> Fault:
    """Let the value of a feature that is not named (K204) follow from a misspelt name."""
    if fault.code != "K204" or fault.place.variable is None:
        return fault
    name = fault.place.variable.lower().split("__")[1]
    unloaded = draft.features.keys() - {one.name for one in loaded}
    return replace(fault, follows=tuple(get_close_matches(name, unloaded, n=1)))


def _settings_of_unloaded(
    draft: Draft, loaded: Sequence[Candidate], faults: Sequence[Fault]
) -> Iterator[Hole]:
    """Give the settings that could not be checked, because their feature was not loaded."""
    for name in sorted(draft.features.keys() - {one.name for one in loaded}):
        because = tuple(fault.key for fault in faults if fault.feature == name)
        yield Hole(f"settings of {name}", because)


def _without_malformed(features: list[Candidate], faults: Iterable[Fault]) -> list[Candidate]:
    """Leave out manifests with fields of a wrong type (K106): they cannot be read further."""
    malformed = {fault.feature for fault in faults if fault.code == "K106"}
    return [feature for feature in features if feature.name not in malformed]


def _without_invalid_items(feature: Candidate) -> Candidate:
    """Keep the valid routes, handlers and expansions of an absent feature: these are known."""
    manifest = replace(
        feature.manifest,
        blueprints=items(feature.manifest.blueprints, Blueprint),
        handles=items(feature.manifest.handles, Handler),
        expansions=items(feature.manifest.expansions, Expansion),
    )
    return replace(feature, manifest=manifest)


def _sort_out(faults: Iterable[Fault], optional: set[str]) -> tuple[list[Fault], dict[str, str]]:
    """Turn the faults of optional features into warnings.

    Returns:
        All faults; and the optional features that have faults, each with its first one.
    """
    sorted_out: list[Fault] = []
    gone: dict[str, str] = {}
    for fault in faults:
        if fault.feature is not None and fault.feature in optional and not fault.accepted:
            gone.setdefault(fault.feature, f"{fault.code}: {fault.what.splitlines()[0]}")
            sorted_out.append(replace(fault, severity="warning"))
        else:
            sorted_out.append(fault)
    return sorted_out, gone


def answers_in(features: Iterable[Candidate], draft: Draft) -> OffersByContract:
    """Return what answers each contract among *features*, as far as the deployment is known."""
    capabilities, decorators = known_or(draft.capabilities, {}), known_or(draft.decorators, {})
    return answers_by_contract(features, capabilities, decorators)


def _ordered(features: list[Candidate], answers: OffersByContract) -> tuple[Candidate, ...]:
    try:
        return order(features, answers)
    except Ring:
        # K110 reports it, so nothing will be started in this order.
        return tuple(features)
