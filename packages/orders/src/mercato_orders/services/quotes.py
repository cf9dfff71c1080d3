"""Price an order without placing it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from mercato_contracts.orders import QuotedMethod, Wanted
from mercato_kit.principals import Principal
from mercato_orders.pricing import PricedOrder
from mercato_orders.services.buyers import visitor_of
from mercato_orders.services.inquiry import Inquiry, refuse_reentry
from mercato_orders.services.prices import Price, methods_of, price
from mercato_orders.values import NewOrder, percent


@dataclass(frozen=True, slots=True)
class QuotedAdjustment:
    """A part of the price; *variant_id* is that of its line, and *rate* is in percent."""

    kind: str
    target: str
    variant_id: UUID | None
    provider: str
    code: str | None
    label: str
    amount: int
    rate: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Quotation:
    """A priced order.

    Args:
        order: The priced lines, and the totals.
        adjustments: The parts of the price besides listed prices, each with its variant.
        shipping_methods: The shipping methods that can be chosen.
        warnings: Why the order would be refused now; each has a ``code``.
        valid_until: Prices may change afterwards (aware).
    """

    order: PricedOrder
    adjustments: tuple[QuotedAdjustment, ...]
    shipping_methods: tuple[QuotedMethod, ...]
    warnings: tuple[Mapping[str, Any], ...]
    valid_until: datetime


def quote_order(new: NewOrder, principal: Principal, inquiry: Inquiry | None = None) -> Quotation:
    """Price an order for a caller; see :func:`quote`."""
    return quote(new.by(visitor_of(principal)), inquiry)


def quote(wanted: Wanted, inquiry: Inquiry | None = None) -> Quotation:
    """Price an order. Writes and reserves nothing.

    Raises:
        VariantUnavailable: Some variants are not for sale.
        AmountTooLarge: A total is above 2^53 - 1.
        Invalid: Codes, the shipping method or the tax id are wrong.
        NoMethodAvailable: Nothing is sent to the address.
        ProviderFault, ProviderUnavailable: A provider gives no good answer.
        ReentrantCall: A provider that is asked for a part of a price asks for a price.
    """
    refuse_reentry()
    inquiry = replace(inquiry, warnings=[]) if inquiry else Inquiry()
    priced = price(wanted, inquiry, places=False)
    return Quotation(
        order=priced.order,
        adjustments=tuple(_adjustments(priced.order)),
        shipping_methods=methods_of(priced),
        warnings=(*_warnings(priced, wanted.discount_codes), *inquiry.warnings),
        valid_until=priced.valid_until,
    )


def _adjustments(order: PricedOrder) -> Iterator[QuotedAdjustment]:
    for part in order.total.adjustments:
        line = None if part.position is None else order.lines[part.position]
        yield QuotedAdjustment(
            kind=part.kind,
            target=part.target,
            variant_id=None if line is None else line.item.variant_id,
            provider=part.provider,
            code=part.code,
            label=part.label,
            amount=part.amount,
            rate=percent(part.rate_ppm),
            reason=part.reason,
        )


def _warnings(priced: Price, codes: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for line in priced.order.lines:
        available = line.item.available
        if available is not None and available < line.quantity:
            yield {
                "code": "insufficient_stock",
                "variant_id": line.item.variant_id,
                "requested": line.quantity,
            }
    # As the customer wrote them: the client compares them with those that it sent.
    for plain, written in zip(priced.order.total.basket.codes, codes, strict=True):
        if plain in priced.without_effect:
            yield {"code": "no_effect", "discount_code": written}
