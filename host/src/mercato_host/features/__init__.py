"""From a deployment to the features that are registered: find, check, order, register."""

from collections.abc import Iterable

from mercato_host.deployment import Deployment
from mercato_host.faults import in_order
from mercato_host.features.composed import Composed
from mercato_host.features.composed import Plan
from mercato_host.features.finding import find
from mercato_host.features.ordering import Ring
from mercato_host.features.ordering import order
from mercato_host.features.settings import read_settings
from mercato_kit.feature import Feature

__all__ = ["Composed", "Plan", "find", "order", "plan"]


def plan(deployment: Deployment, extra: Iterable[Feature] = ()) -> Plan:
    """Find, check and order the features of *deployment*. Touches neither Flask nor a database.

    Args:
        deployment: Names them.
        extra: Manifests that are composed besides, always on.
    """
    found = find(deployment, extra)
    settings, mistakes = read_settings(found.features, deployment)
    faults = [*found.faults, *mistakes]
    try:
        ordered = order(found.features)
    except Ring:
        ordered = found.features
    return Plan(features=ordered, settings=settings, faults=tuple(in_order(faults)))
