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
    grants,
    manifests,
    needs,
    production,
    tables,
    views,
)

Checker = Callable[[Sequence[Candidate], Deployment], Iterator[Fault]]

ON_EACH: Sequence[Callable[[Candidate], Iterator[Fault]]] = (
    manifests.well_formed,
    manifests.names,
    manifests.kit_ranges,
    manifests.migrations_packed,
    views.policies,
    views.servable,
    views.endpoints,
    grants.own_routes_only,
)
"""Rules for one feature. A feature that breaks one takes no part in the other checks."""

ON_ALL: Sequence[Checker] = (
    needs.chosen,
    needs.offered,
    needs.versions,
    needs.one_offer_each,
    needs.rings,
    needs.exclusions,
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
    well_formed: list[Candidate] = []
    for feature in features:
        for check_one in ON_EACH:
            found = list(check_one(feature))
            faults += found
            # What is malformed cannot be checked further.
            if any(fault.code == "K106" for fault in found):
                break
        else:
            well_formed.append(feature)
    for check_all in ON_ALL:
        faults += check_all(well_formed, deployment)
    return in_order(faults)
