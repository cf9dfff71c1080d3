"""Ask the providers of discounts, shipping and taxes about a basket."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from mercato_contracts.answers import wrong_assessment, wrong_discounts, wrong_methods
from mercato_contracts.baskets import Basket, Carriage
from mercato_contracts.discounts import Discounted, Discounts, Refusal
from mercato_contracts.orders import ReentrantCall
from mercato_contracts.shipping import Method, Shipping
from mercato_contracts.taxes import Assessment, InvalidTaxId, Taxes
from mercato_kit.db import utc_now
from mercato_kit.errors import invalid
from mercato_kit.services import Named, chosen, each
from mercato_orders.errors import (
    DiscountNotApplicable,
    ProviderFault,
    UnknownDiscountCode,
    code_error,
)
from mercato_orders.pricing import Offered

T = TypeVar("T")
A = TypeVar("A")

_log = logging.getLogger(__name__)
_asking: ContextVar[bool] = ContextVar("mercato_orders_asking", default=False)


@contextmanager
def asking() -> Iterator[None]:
    """Call a provider meanwhile: it cannot ask for a price itself."""
    token = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(token)


def refuse_reentry() -> None:
    """Refuse a price while a provider is asked for a part of one.

    Raises:
        ReentrantCall: The caller is a provider that is being asked.
    """
    if _asking.get():
        raise ReentrantCall("a provider of discounts, shipping or taxes cannot ask for a price")


def ask_discounts(basket: Basket) -> tuple[Offered, ...]:
    """Return the reductions of all providers, in their order.

    A code is answered by the first provider that knows it, and not shown to the next.

    Args:
        basket: At listed prices.

    Raises:
        Invalid: A code is sent twice.
        UnknownDiscountCode: No provider knows a code.
        DiscountNotApplicable: A code does not apply.
        ProviderFault: An answer has wrong values.
    """
    _refuse_repeated(basket.codes)
    offered: list[Offered] = []
    refused: dict[str, Refusal] = {}
    left = tuple(filter(None, basket.codes))
    for one in each(Discounts):
        answer = _discounted(one, replace(basket, codes=left))
        offered += (Offered(one.name, reduction) for reduction in answer.reductions)
        refused |= {refusal.code: refusal for refusal in answer.refusals}
        answered = refused.keys() | {reduction.code for reduction in answer.reductions}
        left = tuple(code for code in left if code not in answered)
    _refuse_unanswered(basket.codes, left, refused)
    return tuple(offered)
