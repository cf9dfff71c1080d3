"""The answers to contracts as the kit registers them."""

from collections.abc import Mapping
from typing import Any

from mercato_composition.features.relations import Offered, OffersByContract
from mercato_kit.composition import Answer, RemoteTerms
from mercato_kit.feature import Decorates

SECONDS = 2.0
"""The default time limit of a remote provider."""


def resolved(answers: OffersByContract) -> Mapping[type[Any], tuple[Answer, ...]]:
    """Return what answers each contract: providers with their factories and terms."""
    return {contract: tuple(map(_answer, offers)) for contract, offers in answers.items()}


def _answer(offered: Offered) -> Answer:
    terms = RemoteTerms(SECONDS, "refuse") if offered.remote else None
    decorates = isinstance(offered.offer, Decorates)
    return Answer(offered.name, offered.offer.factory, decorates, terms)
