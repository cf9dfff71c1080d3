"""What operators and other features see: what can be set, called, relied on and wanted."""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from mercato_kit.errors import Problem
from mercato_kit.feature import Feature
from mercato_kit.feature import Glue
from mercato_kit.feature import Need
from surfaces.commands import describe_commands
from surfaces.settings import describe_settings

Document = dict[str, Any]

ABILITIES = ("export_subject", "erase_subject", "sample_data")
"""What a feature does for the host, if it does it."""


def describe_manifest(name: str, features: Sequence[Feature]) -> Document:
    """Describe what can be set and called, and what is promised and wanted."""
    return {
        "features": sorted(feature.name for feature in features),
        "settings": describe_settings(name, features),
        "permissions": sorted(one for feature in features for one in feature.permissions),
        "publishes": sorted(topic for feature in features for topic in feature.publishes),
        "referents": sorted(one.word for feature in features for one in feature.referents),
        "refusals": sorted(refusals_of(name)),
        "abilities": [
            f"{one} of {feature.name}"
            for feature in features
            for one in ABILITIES
            if getattr(feature, one) is not None
        ],
        "excludes": sorted(other for feature in features for other in feature.excludes),
        "needs": {need.id: need.versions for feature in features for need in feature.needs},
        "offers": {
            offer.id: {"version": offer.version, "when": when}
            for feature in features
            for when, part in parts_of(feature)
            for offer in part.offers
        },
        "handles": {
            f"{feature.name}.{one.name}": {
                "topic": one.topic,
                "versions": sorted(one.versions),
                "remote": one.remote,
                "when": when,
            }
            for feature in features
            for when, part in parts_of(feature)
            for one in part.handles
        },
        "jobs": {
            f"{feature.name}.{one.name}": {
                "every_seconds": one.every_seconds,
                "remote": one.remote,
                "when": when,
            }
            for feature in features
            for when, part in parts_of(feature)
            for one in part.jobs
        },
        "commands": describe_commands(name, features),
    }


def refusals_of(name: str) -> set[str]:
    """Find the codes that clients tell refusals by, and the status of each: ``409 sku_taken``.

    A code that is inherited is that of somebody else.
    """
    package = name.replace("-", "_")
    return {
        f"{kind.status} {kind.code}"
        for kind in subclasses_of(Problem)
        if kind.__module__.partition(".")[0] == package and "code" in vars(kind)
    }


def subclasses_of(kind: type[Problem]) -> Iterator[type[Problem]]:
    """Give a class and all that inherit from it, as far as they are imported."""
    yield kind
    for inner in kind.__subclasses__():
        yield from subclasses_of(inner)


def parts_of(feature: Feature) -> Iterator[tuple[list[str], Feature | Glue]]:
    """Give the glue of a manifest with what it waits for, and last what waits for nothing."""
    for glue in feature.glue:
        conditions = [f"{one.id} {one.versions}" for one in glue.when if isinstance(one, Need)]
        yield sorted([*conditions, *(one for one in glue.when if isinstance(one, str))]), glue
    yield [], feature
