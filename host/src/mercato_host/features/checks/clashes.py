"""K402, K405, K406: names that belong to one feature each."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence

from mercato_host.deployment import Deployment
from mercato_host.faults import Fault
from mercato_host.features.composed import Composed


def blueprints(features: Sequence[Composed], _deployment: Deployment) -> Iterator[Fault]:
    """Check that no two features have a blueprint of one name (K402)."""
    return _doubles(
        features,
        "K402",
        "blueprint",
        lambda feature: (blueprint.name for blueprint in feature.manifest.blueprints),
    )


def topics(features: Sequence[Composed], _deployment: Deployment) -> Iterator[Fault]:
    """Check that no two features publish one event (K405)."""
    return _doubles(features, "K405", "event", lambda feature: feature.manifest.publishes)


def permissions(features: Sequence[Composed], _deployment: Deployment) -> Iterator[Fault]:
    """Check that no two features declare one permission (K406)."""
    return _doubles(features, "K406", "permission", lambda feature: feature.manifest.permissions)


def _doubles(
    features: Sequence[Composed],
    code: str,
    what: str,
    names_of: Callable[[Composed], Iterable[str]],
) -> Iterator[Fault]:
    owners: dict[str, Composed] = {}
    for feature in features:
        for name in names_of(feature):
            other = owners.setdefault(name, feature)
            if other is not feature:
                text = f"its {what} {name!r} is also one of {other.where}."
                fix = f"leave one of the features out, or rename the {what} in one of them"
                yield feature.fault(code, text, fix)
