"""The checks before the app is made, one function for each."""

from collections.abc import Callable, Iterator, Sequence

from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import Fault, in_order
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.checks import (
    acceptance,
    addresses,
    clashes,
    contracts,
    exclusions,
    grants,
    manifests,
    needs,
    production,
    references,
    tables,
    views,
)

Checker = Callable[[Sequence[Candidate], Deployment], Iterator[Fault]]

ON_EACH: Sequence[Checker] = (
    manifests.well_formed,
    references.declared,
    manifests.names,
    manifests.kit_ranges,
    manifests.migrations_packed,
    views.policies,
    views.servable,
    clashes.endpoints,
    grants.own_routes_only,
)
"""Rules for one feature. A feature that breaks one takes no part in the other checks."""

ON_ALL: Sequence[Checker] = (
    needs.chosen,
    needs.offered,
    needs.versions,
    needs.one_offer_each,
    needs.rings,
    exclusions.none_excluded,
    contracts.signatures,
    addresses.one_owner_each,
    clashes.blueprints,
    clashes.topics,
    clashes.permissions,
    tables.one_owner_each,
    production.safe,
    acceptance.known,
)
"""Rules between features."""


def check(features: Sequence[Candidate], deployment: Deployment) -> list[Fault]:
    """Return all faults, root causes first."""
    faults: list[Fault] = []
    well_formed = list(features)
    for checker in ON_EACH:
        found = list(checker(well_formed, deployment))
        broken = {fault.feature for fault in found if fault.code == "K106"}
        well_formed = [feature for feature in well_formed if feature.name not in broken]
        faults += found
    for checker in ON_ALL:
        faults += checker(well_formed, deployment)
    return in_order(faults)
