"""The answers to contracts as the kit registers them."""

from collections.abc import Iterable, Mapping
from typing import Any

from mercato_composition.deployment.remotes import REFUSE, SKIP, Remotes, terms_in
from mercato_composition.features.relations import Offered, OffersByContract
from mercato_kit.composition import Answer, RemoteTerms
from mercato_kit.feature import Decorates


def resolved(
    answers: OffersByContract, offers: OffersByContract, remotes: Remotes
) -> Mapping[type[Any], tuple[Answer, ...]]:
    """Return what answers each contract: providers with their factories and terms.

    Args:
        answers: What answers each contract.
        offers: All offers: one that does not answer may replace a remote one.
        remotes: The operator's terms of remote providers.
    """
    return {
        contract: tuple(
            Answer(
                one.name,
                one.offer.factory,
                isinstance(one.offer, Decorates),
                _terms(one, offers, remotes) if one.remote else None,
            )
            for one in some
        )
        for contract, some in answers.items()
    }


def _terms(offered: Offered, offers: OffersByContract, remotes: Remotes) -> RemoteTerms:
    said = terms_in(remotes, offered.offer.id, offered.name)
    others = offers.get(offered.offer.contract, ())
    instead = None if said.late in (REFUSE, SKIP) else fallback_among(others, said.late)
    answer = Answer(instead.name, instead.offer.factory) if instead else None
    return RemoteTerms(said.seconds, said.late, answer)


def fallback_among(offers: Iterable[Offered], name: str) -> Offered | None:
    """Return the local provider of a name."""
    return next((one for one in offers if one.name == name and not one.remote), None)
