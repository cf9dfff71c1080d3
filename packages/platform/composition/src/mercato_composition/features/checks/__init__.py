"""The checks before the app is made, one function for each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mercato_composition.deployment.partial import Hole, known_or
from mercato_composition.deployment.reader import RULES
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.checks import (
    acceptance,
    addresses,
    answers,
    choices,
    clashes,
    contracts,
    expansions,
    grants,
    manifests,
    needs,
    production,
    remote,
    secrets,
    tables,
    views,
)
from mercato_composition.features.checks.unsafe import Unsafe
from mercato_composition.features.discovery import load_others, unloaded
from mercato_composition.features.facts import Check, Facts
from mercato_composition.features.relations import (
    answers_by_contract,
    decorators_by_contract,
    offers_by_contract,
)

ON_EACH: Sequence[Callable[[Candidate], Iterator[Fault]]] = (
    manifests.well_formed,
    manifests.decorators,
    manifests.names,
    manifests.kit_ranges,
    manifests.migrations_packed,
    manifests.classified,
    views.policies,
    views.servable,
    views.endpoints,
    grants.own_routes_only,
)
"""Rules for one feature. A feature that breaks one takes no part in the other checks."""

ON_ALL: Sequence[Check] = (
    choices.capabilities_known,
    choices.decorators_known,
    remote.remotes_known,
    remote.late_ones,
    remote.fallback_versions,
    needs.offered,
    needs.lacking,
    needs.enough,
    needs.versions,
    answers.one_offer_each,
    answers.one_name_each,
    answers.something_below,
    answers.decorators_in_order,
    answers.order_is_said,
    needs.rings,
    needs.exclusions,
    contracts.signatures,
    addresses.one_owner_each,
    clashes.blueprints,
    clashes.topics,
    clashes.permissions,
    clashes.groups,
    expansions.expandable,
    expansions.one_name_each,
    tables.one_owner_each,
    acceptance.known,
)
"""Rules between features, and those of what the deployment says of them."""


MAKERS: Mapping[str, Callable[..., Any]] = {
    "offers": offers_by_contract,
    "decorating": decorators_by_contract,
    "answers": answers_by_contract,
    # Importing features that are not used takes long, so it is done for a fault.
    "load_others": lambda choices: lambda: list(load_others(choices)),
    "unloaded": unloaded,
    "logins": secrets.logins,
    "secrets_of_features": secrets.secrets_of_features,
}
"""How facts are made from others."""


def malformed(features: Sequence[Candidate]) -> list[Fault]:
    """Apply the rules for one feature to each."""
    faults: list[Fault] = []
    for feature in features:
        for check_one in ON_EACH:
            found = list(check_one(feature))
            faults += found
            # What is malformed cannot be checked further.
            if any(fault.code == "K106" for fault in found):
                break
    return faults


def check(facts: Facts) -> list[Fault]:
    """Apply the rules between features, and those of production."""
    return [*facts.run(ON_ALL), *_unsafe(facts)]


def _unsafe(facts: Facts) -> Iterator[Fault]:
    environment, assumed = facts["environment"], facts["assumed"]
    if isinstance(environment, Hole):
        facts.unknown(environment)
    elif environment == "production":
        accept = known_or(facts["accept"], {})
        for found in facts.run(production.RULES):
            fault = found.fault(accept, facts["source"]) if isinstance(found, Unsafe) else found
            yield replace(fault, assumes=assumed)
    elif assumed is not None:
        facts.unknown(Hole(RULES, ("K100@environment",)))
