"""Who offers a contract, who needs it, and which events features exchange."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from mercato_composition.features.candidate import Candidate
from mercato_kit.contracts import has_many
from mercato_kit.feature import Decorates, Need, Offer, contract_id

Listed = Mapping[str, str | Sequence[str]]
"""Names by contract id: one, or some in order."""

_NOTHING: Listed = {}


class Offered(NamedTuple):
    """An offer of a contract, or a decorator of one, with its feature."""

    feature: Candidate
    offer: Offer | Decorates[Any]

    @property
    def name(self) -> str:
        """Its name among those of the contract."""
        given = self.offer.name if isinstance(self.offer, Offer) else None
        return given or self.feature.name

    @property
    def remote(self) -> bool:
        """Whether it asks another machine."""
        return isinstance(self.offer, Offer) and self.offer.remote


OffersByContract = Mapping[type[Any], list[Offered]]


def offers_by_contract(features: Iterable[Candidate]) -> OffersByContract:
    """Group the offers of *features* by contract."""
    offers: dict[type[Any], list[Offered]] = {}
    for feature in features:
        for offer in feature.manifest.offers:
            offers.setdefault(offer.contract, []).append(Offered(feature, offer))
    return offers


def decorators_by_contract(features: Iterable[Candidate]) -> OffersByContract:
    """Group the decorators of *features* by contract."""
    decorators: dict[type[Any], list[Offered]] = {}
    for feature in features:
        for one in feature.manifest.decorates:
            decorators.setdefault(one.contract, []).append(Offered(feature, one))
    return decorators


def satisfies(offer: Offer | Decorates[Any], need: Need) -> bool:
    """Tell whether *offer* is of the contract that *need* names, in a version in its range."""
    if offer.contract is not need.contract:
        return False
    try:
        return SpecifierSet(need.versions).contains(Version(offer.version), prereleases=True)
    except InvalidVersion:
        return False


def answers_by_contract(
    features: Iterable[Candidate], capabilities: Listed = _NOTHING, decorators: Listed = _NOTHING
) -> OffersByContract:
    """Return what answers each contract.

    Of a contract that many answer, these are the offers that the operator lists, in that order,
    else all by name. Of another one, they are the decorators, outermost first, then the offer that
    the operator chose, else all.

    Args:
        features: The features whose offers count.
        capabilities: The names of the chosen providers, by contract id.
        decorators: The names of the decorators, outermost first, by contract id.
    """
    some = list(features)
    decorating = decorators_by_contract(some)
    answers: dict[type[Any], list[Offered]] = {}
    for contract, offers in offers_by_contract(some).items():
        names = names_of(capabilities.get(contract_id(contract)))
        # A choice of a provider that is not there is reported as K202.
        if has_many(contract):
            answers[contract] = _in_order(offers, names)
        else:
            order = names_of(decorators.get(contract_id(contract)))
            over = _in_order(decorating.get(contract, []), order)
            answers[contract] = [*over, *(_in_order(offers, names or ()) or offers)]
    return answers


def names_of(listed: str | Sequence[str] | None) -> Sequence[str] | None:
    """Return the names in a value of ``[capabilities]``; None where it is not given."""
    if not isinstance(listed, str):
        return listed
    return [part.strip() for part in listed.split(",") if part.strip()]


def _in_order(offers: Iterable[Offered], names: Sequence[str] | None) -> list[Offered]:
    """Return the offers of these names, in their order; all by name where there are none."""
    if names is None:
        return sorted(offers, key=lambda one: one.name)
    return [one for name in dict.fromkeys(names) for one in offers if one.name == name]


@dataclass(frozen=True)
class Answered:
    """A need and what answers it.

    Args:
        feature: The feature that has the need.
        need: The contract and the accepted versions.
        answers: What answers: many offers in order, or the decorators and the offer below them.
        glue: Whether the need is a condition of the feature's glue.
    """

    feature: Candidate
    need: Need
    answers: tuple[Offered, ...] = ()
    glue: bool = False

    @property
    def by(self) -> Candidate | None:
        """The feature that answers it, the first one of many; None if there is none."""
        return self.answers[0].feature if self.answers else None

    @property
    def offer(self) -> Offer | Decorates[Any] | None:
        """The offer of that feature."""
        return self.answers[0].offer if self.answers else None

    @property
    def fits(self) -> bool:
        """Whether it is answered, in versions of the accepted range."""
        fitting = [satisfies(one.offer, self.need) for one in self.answers]
        return any(fitting) and (all(fitting) if has_many(self.need.contract) else fitting[0])


@dataclass(frozen=True)
class EventLink:
    """An event that one feature publishes and another handles."""

    topic: str
    publisher: Candidate
    handler: Candidate


def needs_between(features: Sequence[Candidate], answers: OffersByContract) -> Iterator[Answered]:
    """Give every need of *features*; those of a feature's glue come after its own.

    Args:
        features: The features of the plan.
        answers: What answers each contract.
    """
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
    if not has_many(need.contract) and all(isinstance(one.offer, Offer) for one in offers):
        # Of offers between which the operator has not chosen, one that fits is shown.
        offers = sorted(offers, key=lambda one: not satisfies(one.offer, need))[:1]
    return Answered(feature, need, tuple(offers), glue)
