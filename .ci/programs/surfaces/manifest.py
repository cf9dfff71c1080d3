"""What operators and other features see: what can be set, called, relied on and wanted."""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from mercato_kit.feature import Feature
from mercato_kit.feature import Glue
from mercato_kit.feature import Need
from surfaces.commands import describe_commands
from surfaces.settings import describe_settings

Document = dict[str, Any]


def describe_manifest(name: str, features: Sequence[Feature]) -> Document:
    """Describe what can be set and called, and what is promised and wanted."""
    return {
        "features": sorted(feature.name for feature in features),
        "settings": describe_settings(name, features),
        "permissions": sorted(one for feature in features for one in feature.permissions),
        "publishes": sorted(topic for feature in features for topic in feature.publishes),
        "referents": sorted(one.word for feature in features for one in feature.referents),
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


def parts_of(feature: Feature) -> Iterator[tuple[list[str], Feature | Glue]]:
    """Give the glue of a manifest with what it waits for, and last what waits for nothing."""
    for glue in feature.glue:
        conditions = [f"{one.id} {one.versions}" for one in glue.when if isinstance(one, Need)]
        yield sorted([*conditions, *(one for one in glue.when if isinstance(one, str))]), glue
    yield [], feature
