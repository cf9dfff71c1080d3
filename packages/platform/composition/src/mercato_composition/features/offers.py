"""The offers of each contract, and the one that the operator chose."""

from collections.abc import Iterable, Mapping
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from mercato_composition.features.candidate import Candidate
from mercato_kit.feature import Need, Offer, contract_id

Offered = tuple[Candidate, Offer]

OffersByContract = Mapping[type[Any], list[Offered]]


def offers_by_contract(features: Iterable[Candidate]) -> OffersByContract:
    """Group the offers of *features* by contract."""
    offers: dict[type[Any], list[Offered]] = {}
    for feature in features:
        for offer in feature.manifest.offers:
            offers.setdefault(offer.contract, []).append((feature, offer))
    return offers


def satisfies(offer: Offer, need: Need) -> bool:
    """Tell whether *offer* is of the contract that *need* names, in a version in its range."""
    if offer.contract is not need.contract:
        return False
    try:
        return SpecifierSet(need.versions).contains(Version(offer.version), prereleases=True)
    except InvalidVersion:
        return False


def answers_by_contract(
    features: Iterable[Candidate], capabilities: Mapping[str, str]
) -> OffersByContract:
    """Group offers by contract; if the operator chose one, keep only that one.

    Args:
        features: The features whose offers count.
        capabilities: The name of the chosen feature, by contract id.
    """
    answers: dict[type[Any], list[Offered]] = {}
    for contract, offers in offers_by_contract(features).items():
        name = capabilities.get(contract_id(contract))
        chosen = [(feature, offer) for feature, offer in offers if feature.name == name]
        # A choice of a feature without such an offer is reported as K202.
        answers[contract] = chosen or offers
    return answers
