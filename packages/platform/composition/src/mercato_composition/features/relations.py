"""The contracts and events between the features of a plan."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mercato_composition.features.candidate import Candidate
from mercato_composition.features.offers import OffersByContract, answers_by_contract, satisfies
from mercato_kit.feature import Glue, Need, Offer


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
        for glue in feature.manifest.glue:
            yield from (
                _answer(feature, need, answers, glue=True)
                for need in glue.when
                if isinstance(need, Need)
            )


def events_between(features: Sequence[Candidate]) -> Iterator[EventLink]:
    """Give every event that one of *features* publishes and another handles, once per pair."""
    for publisher in features:
        for topic in publisher.manifest.publishes:
            for feature in features:
                if topic in {handler.topic for handler in feature.manifest.handles}:
                    yield EventLink(topic, publisher, feature)


def waiting_glue(feature: Candidate) -> Iterator[Glue]:
    """Give the glue of *feature* whose conditions do not hold."""
    yield from (glue for glue in feature.manifest.glue if glue not in feature.glue)


def _answer(feature: Candidate, need: Need, answers: OffersByContract, *, glue: bool) -> Answered:
    offers = answers.get(need.contract, [])
    for by, offer in offers:
        answered = Answered(feature, need, by, offer, glue)
        if answered.fits:
            return answered
    if offers:
        return Answered(feature, need, *offers[0], glue)
    return Answered(feature, need, glue=glue)
