"""Glue: parts of a feature that are active only if other features are enabled."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from mercato_composition.features.candidate import Candidate
from mercato_composition.features.hints import Misfit, items, misfits
from mercato_composition.features.relations import satisfies
from mercato_kit.feature import Feature, Glue, Need, Offer

PARTS = ("blueprints", "offers", "decorates", "handles", "jobs", "expansions")
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
    """Give the glue of a manifest that has no mistakes."""
    for glue in items(manifest.glue, Glue):
        if next(misfits(glue, Glue), None) is None and next(mistakes(glue), None) is None:
            yield glue


def mistakes(glue: Glue) -> Iterator[Misfit]:
    """Give what is wrong in glue whose types are right."""
    if not glue.when:
        yield "when", glue.when, "a list of needs and names of features, one at least"
    for number, condition in enumerate(glue.when):
        if isinstance(condition, Need):
            try:
                SpecifierSet(condition.versions)
            except InvalidSpecifier:
                yield f"when[{number}].versions", condition.versions, "a range such as '>=1,<2'"


def _holds(glue: Glue, features: Sequence[Candidate]) -> bool:
    """Tell whether every condition of *glue* is met by *features*."""
    names = {feature.name for feature in features}
    offers = [offer for one in features for offer in items(one.manifest.offers, Offer)]
    return all(
        condition in names
        if isinstance(condition, str)
        else sum(satisfies(offer, condition) for offer in offers) >= condition.at_least
        for condition in glue.when
    )


def _glued(feature: Candidate, glue: Sequence[Glue]) -> Candidate:
    if not glue or any(misfits(feature.manifest, Feature)):
        return feature
    joined: dict[str, Any] = {
        part: [
            *getattr(feature.manifest, part),
            *(item for one in glue for item in getattr(one, part)),
        ]
        for part in PARTS
    }
    return replace(feature, manifest=replace(feature.manifest, **joined), glue=tuple(glue))
