"""Who offers a contract, who needs it, and which events features exchange."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Answered:
    """A need and the offer that answers it.

    Args:
        feature: The feature that has the need.
        need: The contract and the accepted versions.
        by: The feature that answers it; None if the contract is not offered.
        offer: The offer of that feature.
        glue: Whether the need is a condition of the feature's glue.
    """

    feature: Candidate
    need: Need
    by: Candidate | None = None
    offer: Offer | None = None
    glue: bool = False

    @property
    def fits(self) -> bool:
        """Whether the offered version is in the accepted range."""
        return self.offer is not None and satisfies(self.offer, self.need)


@dataclass(frozen=True)
class EventLink:
    """An event that one feature publishes and another handles."""

    topic: str
    publisher: Candidate
    handler: Candidate


def needs_between(
    features: Sequence[Candidate], capabilities: Mapping[str, str]
) -> Iterator[Answered]:
    """Give every need of *features*; those of a feature's glue come after its own.

    Args:
        features: The features of the plan.
        capabilities: The name of the chosen feature, by contract id.
    """
    answers = answers_by_contract(features, capabilities)
    for feature in features:
        for need in feature.manifest.needs:
            yield _answer(feature, need, answers, glue=False)
        conditions = [one for glue in feature.manifest.glue for one in glue.when]
        for need in (one for one in conditions if isinstance(one, Need)):
            yield _answer(feature, need, answers, glue=True)


def events_between(features: Sequence[Candidate]) -> Iterator[EventLink]:
    """Give every event that one of *features* publishes and another handles, once per pair."""
    for publisher in features:
        for topic in publisher.manifest.publishes:
            for feature in features:
                if topic in {handler.topic for handler in feature.manifest.handles}:
                    yield EventLink(topic, publisher, feature)


def _answer(feature: Candidate, need: Need, answers: OffersByContract, *, glue: bool) -> Answered:
    offers = answers.get(need.contract, [])
    fitting = [(by, offer) for by, offer in offers if satisfies(offer, need)]
    by, offer = next(iter([*fitting, *offers]), (None, None))
    return Answered(feature, need, by, offer, glue)
