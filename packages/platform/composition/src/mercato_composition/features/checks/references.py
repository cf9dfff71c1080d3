"""K106: ids that features keep of each other are declared with columns and words of their own."""

from collections.abc import Iterator, Sequence
from typing import Any

from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_kit.feature import POLICIES, Feature, Referent, SoftReference


def declared(features: Sequence[Candidate], _deployment: Deployment) -> Iterator[Fault]:
    """Check what each manifest says about ids that cross features (K106)."""
    for feature in features:
        for field, value, expected in _misfits(feature.manifest):
            what = f"{field} is {value!r}; expected {expected}."
            yield feature.fault("K106", what, "tell its maintainers")


def _misfits(manifest: Feature) -> Iterator[tuple[str, object, str]]:
    for number, referent in enumerate(manifest.referents):
        for part, value, expected in _referent_misfits(manifest, referent):
            yield f"referents[{number}]{part}", value, expected
    for number, reference in enumerate(manifest.references):
        for part, value, expected in _reference_misfits(manifest, reference):
            yield f"references[{number}]{part}", value, expected


def _referent_misfits(manifest: Feature, referent: Any) -> Iterator[tuple[str, object, str]]:
    if not isinstance(referent, Referent):
        yield "", referent, "a mercato_kit.feature.Referent"
    elif referent.contract not in {offer.contract for offer in manifest.offers}:
        # A contract has one owner, so a word has one too.
        yield ".contract", referent.contract, "a contract that it offers"
    elif not _is_own(manifest, referent.column):
        yield ".column", referent.column, "a column of its own tables"


def _reference_misfits(manifest: Feature, reference: Any) -> Iterator[tuple[str, object, str]]:
    if not isinstance(reference, SoftReference):
        yield "", reference, "a mercato_kit.feature.SoftReference"
    elif not _is_own(manifest, reference.column):
        yield ".column", reference.column, "a column of its own tables"
    elif reference.policy not in POLICIES:
        yield ".policy", reference.policy, f"one of {', '.join(POLICIES)}"


def _is_own(manifest: Feature, column: Any) -> bool:
    table = getattr(getattr(column, "class_", None), "__table__", None)
    return manifest.metadata is not None and getattr(table, "metadata", None) is manifest.metadata
