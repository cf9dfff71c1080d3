"""Glue: parts of a feature that are active only if other features are enabled."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from mercato_composition.features.candidate import Candidate
from mercato_composition.features.offers import satisfies
from mercato_kit.feature import Feature, Glue, Need, Offer

T = TypeVar("T")

PARTS = ("blueprints", "offers", "handles", "jobs")
"""The fields of a Glue that join those of its manifest."""


def with_glue(features: Iterable[Candidate]) -> list[Candidate]:
    """Add to each manifest the glue whose conditions hold.

    Glue may offer a contract that other glue waits for, so this repeats until nothing is added.
    """
    plain = list(features)
    holding: dict[str, list[Glue]] = {feature.name: [] for feature in plain}
    while True:
        composed = [_glued(feature, holding[feature.name]) for feature in plain]
        added = False
        for feature in plain:
            now = [glue for glue in sound_glue(feature.manifest) if _holds(glue, composed)]
            added = added or len(now) > len(holding[feature.name])
            holding[feature.name] = now
        if not added:
            return composed


def sound_glue(manifest: Feature) -> Iterator[Glue]:
    """Give the glue of a manifest whose fields have the right types."""
    for glue in items(manifest.glue, Glue):
        if next(misfits(glue), None) is None:
            yield glue


def items(values: object, kind: type[T]) -> list[T]:
    """Return the items of a manifest's field that are of type *kind*."""
    if isinstance(values, str) or not isinstance(values, Sequence):
        return []
    return [item for item in values if isinstance(item, kind)]


def misfits(glue: Glue) -> Iterator[tuple[str, object, str]]:
    """Give the fields of *glue* with a wrong type: field, value, and what was expected."""
    for part in PARTS:
        if not _is_list(getattr(glue, part)):
            yield part, getattr(glue, part), "a list"
    if not _is_list(glue.when) or not glue.when:
        yield "when", glue.when, "a list of needs and names of features, one at least"
        return
    for number, condition in enumerate(glue.when):
        if isinstance(condition, Need):
            if not _is_range(condition.versions):
                yield f"when[{number}].versions", condition.versions, "a range such as '>=1,<2'"
        elif condition not in items(glue.when, str):
            yield f"when[{number}]", condition, "a Need or the name of a feature"


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_range(versions: str) -> bool:
    try:
        SpecifierSet(versions)
    except InvalidSpecifier:
        return False
    return True


def _holds(glue: Glue, features: Sequence[Candidate]) -> bool:
    """Tell whether every condition of *glue* is met by *features*."""
    names = {feature.name for feature in features}
    offers = [offer for one in features for offer in items(one.manifest.offers, Offer)]
    return all(
        condition in names
        if isinstance(condition, str)
        else any(satisfies(offer, condition) for offer in offers)
        for condition in glue.when
    )


def _glued(feature: Candidate, glue: Sequence[Glue]) -> Candidate:
    if not glue or not all(_is_list(getattr(feature.manifest, part)) for part in PARTS):
        return feature
    joined: dict[str, Any] = {
        part: [
            *getattr(feature.manifest, part),
            *(item for one in glue for item in getattr(one, part)),
        ]
        for part in PARTS
    }
    return replace(feature, manifest=replace(feature.manifest, **joined), glue=tuple(glue))
