"""Call providers that a price depends on: local ones at once, remote ones before."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, MutableSequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from mercato_contracts.baskets import Basket
from mercato_contracts.orders import ReentrantCall
from mercato_kit.db import utc_now
from mercato_kit.feature import contract_id
from mercato_kit.http import Outdated
from mercato_kit.services import Named, fallback, remote_terms
from mercato_orders.errors import ProviderFault, ProviderUnavailable

T = TypeVar("T")
A = TypeVar("A")
Check = Callable[[Basket, A], Iterator[str]]
Key = tuple[str, str, str]
"""Contract, provider, and the SHA-256 of the basket."""

_FAULTS_SHOWN = 5
_log = logging.getLogger(__name__)
_calling: ContextVar[bool] = ContextVar("mercato_orders_calling", default=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a remote provider answered: a value, or an error of its contract; neither if late."""

    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Answer(Generic[A]):
    """An answer, and the name of the provider that gave it."""

    provider: str
    value: A


class Unasked(Outdated):
    """A remote provider has not been asked about this basket.

    Args:
        key: What is to be kept.
        call: Asks it.
    """

    def __init__(self, contract: type[Any], key: Key, call: Callable[[], Any]) -> None:
        super().__init__(f"{key[0]}: {key[1]} has not been asked")
        self.contract = contract
        self.key = key
        self.call = call


@dataclass(frozen=True, slots=True)
class Inquiry:
    """The questions of one price.

    Args:
        at: The time at which prices and conditions apply (aware).
        kept: What remote providers have answered; None if they were not asked before.
        warnings: What a quote has to say about the answers.
    """

    at: datetime = field(default_factory=utc_now)
    kept: Mapping[Key, Kept] | None = None
    warnings: MutableSequence[Mapping[str, Any]] = field(default_factory=list)

    def ask(
        self,
        contract: type[T],
        one: Named[T],
        basket: Basket,
        question: Callable[[T, Basket], A],
        wrong: Check[A],
    ) -> Answer[A] | None:
        """Ask a provider about a basket.

        Returns:
            Its answer, or that of the provider that replaces it; None if it is late and skipped.

        Raises:
            Unasked: It is a remote one that has not been asked yet.
            ProviderUnavailable: It is late, and cannot be skipped.
            ProviderFault: The answer has wrong values.
        """
        if not one.remote:
            with calling():
                value = question(one.provider, basket)
        else:
            key = (contract_id(contract), one.name, _digest(basket))
            if self.kept is None:
                raise ProviderUnavailable
            kept = self.kept.get(key)
            if kept is None:
                raise Unasked(contract, key, lambda: question(one.provider, basket))
            if kept.error is not None:
                raise kept.error
            if kept.value is None:
                return self._late(contract, one, basket, question, wrong)
            value = kept.value
        _check(contract, one.name, basket, value, wrong)
        return Answer(one.name, value)

    def _late(
        self,
        contract: type[T],
        one: Named[T],
        basket: Basket,
        question: Callable[[T, Basket], A],
        wrong: Check[A],
    ) -> Answer[A] | None:
        terms, other = remote_terms(contract, one.name), fallback(contract, one.name)
        if other is not None:
            return self.ask(contract, other, basket, question, wrong)
        if terms is None or terms.late != "skip":
            raise ProviderUnavailable
        self.warnings.append({"code": "provider_unavailable", "provider": one.name})
        return None


@contextmanager
def calling() -> Iterator[None]:
    """Call a provider meanwhile, which cannot ask for a price itself."""
    token = _calling.set(True)
    try:
        yield
    finally:
        _calling.reset(token)


def refuse_reentry() -> None:
    """Refuse a price while a provider is called for a part of one.

    Raises:
        ReentrantCall: The caller is a provider that is being called.
    """
    if _calling.get():
        raise ReentrantCall("a provider of discounts, shipping or taxes cannot ask for a price")


def _check(contract: type[Any], name: str, basket: Basket, value: A, wrong: Check[A]) -> None:
    try:
        faults = list(wrong(basket, value))
    except (AttributeError, TypeError) as error:
        faults = [f"not a value of the contract: {error}"]
    if faults:
        _log.error(
            "K507: %s %r gave a wrong answer: %s",
            contract_id(contract),
            name,
            "; ".join(faults[:_FAULTS_SHOWN]),
        )
        raise ProviderFault


def _digest(basket: Basket) -> str:
    return hashlib.sha256(msgspec.json.encode(basket, order="deterministic")).hexdigest()
