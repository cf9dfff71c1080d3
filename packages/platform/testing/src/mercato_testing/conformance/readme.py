"""Check that the README of a distribution names the parts of its feature."""

from collections.abc import Iterator
from importlib.metadata import entry_points

from mercato_kit.feature import ENTRY_POINT_GROUP, Feature, Glue


def unmentioned_parts(feature: Feature) -> Iterator[str]:
    """Find parts that the README, which is the description in the metadata, does not name."""
    text = _description(feature.name)
    for what, name in _named_parts(feature):
        if f"`{name}`" not in text:
            yield f"the README does not name the {what} `{name}`"


def _description(name: str) -> str:
    for entry in entry_points(group=ENTRY_POINT_GROUP, name=name):
        if entry.dist is not None:
            return entry.dist.metadata["Description"] or ""
    return ""


def _named_parts(feature: Feature) -> Iterator[tuple[str, str]]:
    """Return the kind and name of each part that operators and other features know."""
    if feature.settings is not None:
        yield from (("setting", key) for key in feature.settings.__struct_fields__)
    yield from (("permission", name) for name in feature.permissions)
    yield from (("needed contract", need.id) for need in feature.needs)
    yield from (("published event", topic) for topic in feature.publishes)
    parts: tuple[Feature | Glue, ...] = (feature, *feature.glue)
    for part in parts:
        yield from (("offered contract", offer.id) for offer in part.offers)
        yield from (("handled event", handler.topic) for handler in part.handles)
        yield from (("expansion", expansion.name) for expansion in part.expansions)
