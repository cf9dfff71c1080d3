"""Describe components, properties and parameters in words of the platform and the features."""

from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Any

from marshmallow import Schema

from mercato_composition.features.candidate import Candidate

WORDS: Mapping[str, str] = {
    "id": "Id of the resource",
    "version": "Version of the resource, as in its `ETag`",
    "created_at": "When it was created",
    "updated_at": "When it was last changed",
    "metadata": "Keys and values of the client's own",
    "data": "The items of the page",
    "has_more": "Whether there is a next page",
    "next_cursor": "`cursor` of the next page; null on the last one",
    "total": "Items of all pages, counted up to 10,000; only with `include=total`",
    "total_is_exact": "Whether `total` counts all items",
}
"""What a name means in every feature that does not say otherwise."""

_BOUNDS = {"gte": "At least", "gt": "More than", "lte": "At most", "lt": "Less than"}


def words_of(feature: Candidate) -> dict[str, str]:
    """Return what names mean in *feature*: the words of its blueprints, and of the platform."""
    own = [blueprint.glossary for blueprint in feature.manifest.blueprints]
    return {**WORDS, **{name: text for words in own for name, text in words.items()}}


def describe_component(
    component: dict[str, Any], kind: type[Schema], words: Mapping[str, str]
) -> None:
    """Describe a component and its properties.

    Args:
        component: The component; it is changed in place.
        kind: Its schema class, whose docstring describes it.
        words: What names mean; ``Order.status`` takes precedence over ``status``.
    """
    # Only a docstring of its own: that of a base describes another schema.
    if own := vars(kind).get("__doc__"):
        component.setdefault("description", cleandoc(own))
    short = kind.__name__.removesuffix("Schema")
    for name, member in component.get("properties", {}).items():
        text = words.get(f"{short}.{name}", words.get(name))
        # The component that a bare reference names has a description.
        if text is not None and "$ref" not in member:
            member.setdefault("description", text)


def describe_parameters(parameters: Iterable[dict[str, Any]], words: Mapping[str, str]) -> None:
    """Describe parameters: those of bounds, such as ``price[gte]``, after what they compare."""
    for parameter in parameters:
        name, _, bound = parameter["name"].rstrip("]").partition("[")
        if name in words:
            text = f"{_BOUNDS[bound]}: {words[name]}" if bound in _BOUNDS else words[name]
            parameter.setdefault("description", text)
        if parameter["schema"].get("type") == "array":
            listed = "; repeat it, or separate values by commas"
            parameter["description"] = parameter.get("description", name) + listed
