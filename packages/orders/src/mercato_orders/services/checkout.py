"""Place an order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from mercato_contracts import discounts, stock
from mercato_contracts.discounts import Discounts, Use
from mercato_contracts.orders import Wanted
from mercato_kit.db import new_id, utc_now
from mercato_kit.later import later, with_defaults
from mercato_kit.principals import Principal
from mercato_kit.services import get, named
from mercato_kit.settings import current_settings
from mercato_kit.views import Shown
from mercato_orders.access import Actor
from mercato_orders.errors import DiscountGone, InsufficientStock, PriceChanged
from mercato_orders.models import Adjustment, Line, Order
from mercato_orders.numbers import AlreadyPlaced, insert_numbered
from mercato_orders.services.buyers import buyer_of
from mercato_orders.services.guest_orders import count_guest_order
from mercato_orders.services.inquiry import Inquiry, calling, refuse_reentry
from mercato_orders.services.prices import Price, price
from mercato_orders.services.records import find_placed
from mercato_orders.services.rows import Origin, adjustment_rows, line_rows, order_row
from mercato_orders.settings import OrdersSettings
from mercato_orders.timeline import PAID, PLACED, record
from mercato_orders.values import NewOrder, percent, sum_quantities
from mercato_orders.views import ORDER

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """The rows of an order that was placed, by attribute."""

    order: Row
    lines: list[Row]
    adjustments: list[Row]


@dataclass(frozen=True, slots=True)
class PlacedOnce:
    """An order that was placed from a reference; *already* if by an earlier call."""

    id: UUID
    number: int
    amount_total: int
    customer_id: UUID | None
    already: bool = False


def place_once(reference: UUID, wanted: Wanted, inquiry: Inquiry | None = None) -> PlacedOnce:
    """Place an order from *reference*, or return the one that was placed from it.

    Raises:
        Problem: As :func:`place`. Nothing of the unit of work may be committed.
    """
    refuse_reentry()
    if found := find_placed(reference):
        return replace(PlacedOnce(*found), already=True)
    try:
        row = place(wanted, Origin(reference=reference), inquiry).order
    except AlreadyPlaced:
        # Another transaction has placed it meanwhile, and has ended.
        if found := find_placed(reference):
            return replace(PlacedOnce(*found), already=True)
        raise
    return PlacedOnce(row["id"], row["number"], row["amount_total"], row["customer_id"])


def place_order(
    new: NewOrder,
    customer: Principal,
    *,
    locale: str | None = None,
    inquiry: Inquiry | None = None,
) -> Shown:
    """Place an order for *customer*; see :func:`place`. It is shown as it was written.

    Raises:
        Invalid: Neither *new* nor *customer* has an e-mail address, or that of *new* differs from
            the verified address of *customer*; or as :func:`place`.
    """
    wanted = new.by(buyer_of(new, customer))
    written = place(wanted, Origin(customer.name, locale=locale), inquiry)
    order, lines, adjustments = written.order, written.lines, written.adjustments
    shown = {
        "lines": [{**row, "tax_rate": percent(row["tax_rate_ppm"])} for row in lines],
        "adjustments": [{**row, "rate": percent(row["rate_ppm"])} for row in adjustments],
        "payments": [],
        "refunds": [],
        "fulfillments": [],
    }
    return ORDER.of({**order, **shown})


def place(wanted: Wanted, origin: Origin, inquiry: Inquiry | None = None) -> Written:
    """Place an order: price it, insert it, redeem its discounts and reserve its units.

    The number of SQL statements depends neither on the lines nor on the codes. An order that costs
    nothing is paid at once.

    Args:
        wanted: What is bought, with the customer's address as it was written.
        origin: Where the order comes from.
        inquiry: What remote providers have answered.

    Raises:
        VariantUnavailable: Some variants are not for sale.
        TooManyRequests: Guests of the network have placed too many orders.
        AmountTooLarge: A total is above 2^53 - 1.
        Invalid: Codes, the shipping method or the tax id are wrong.
        NoMethodAvailable: Nothing is sent to the address.
        PriceChanged: The total differs from the expected total.
        DiscountGone: The last use of a discount went to another order.
        InsufficientStock: Some variants have too few units.
        ProviderFault, ProviderUnavailable: A provider gives no good answer.
        ReentrantCall: A provider that is asked for a part of a price places an order.
    """
    refuse_reentry()
    priced = price(wanted, inquiry or Inquiry(), places=True)
    total = priced.order.total.amount_total
    if wanted.expected_amount_total not in (None, total):
        raise PriceChanged(total)
    minutes = current_settings(OrdersSettings).unpaid_expiry_minutes
    expires_at = utc_now() + timedelta(minutes=minutes)
    order = with_defaults(Order, order_row(new_id(), wanted, priced, origin, expires_at))
    if order["customer_id"] is None:
        count_guest_order()
    order["number"] = insert_numbered(order)
    _redeem(order["id"], priced)
    lines = later(Line, line_rows(order["id"], priced))
    adjustments = later(Adjustment, adjustment_rows(order["id"], priced, lines))
    # Stock comes last, so that rows of popular variants are locked as briefly as possible.
    _reserve_units(order["id"], sum_quantities(wanted.lines), expires_at)
    written = Written(order, lines, adjustments)
    _announce(written)
    return written


def _redeem(order_id: UUID, priced: Price) -> None:
    """Count the uses of discounts, one provider after the other."""
    uses: dict[str, list[Use]] = {}
    for name, use in priced.uses:
        uses.setdefault(name, []).append(use)
    for name, used in uses.items():
        provider = named(Discounts, name)
        if provider is not None:
            _redeem_one(provider, order_id, used, priced)


def _redeem_one(provider: Discounts, order_id: UUID, uses: list[Use], priced: Price) -> None:
    try:
        with calling():
            provider.redeem(order_id, uses, priced.order.total.basket)
    except discounts.DiscountGone as gone:
        raise DiscountGone(gone.refusals) from gone


def _reserve_units(order_id: UUID, quantities: Mapping[UUID, int], until: datetime) -> None:
    try:
        get(stock.Stock).reserve(order_id, quantities, until)
    except stock.InsufficientStock as short:
        raise InsufficientStock(short.shortages) from short


def _announce(written: Written) -> None:
    order = written.order
    customer = order["customer_id"]
    actor = Actor("guest" if customer is None else "customer", customer)
    record(order, written.lines, written.adjustments, PLACED, actor)
    if not order["amount_total"]:
        get(stock.Stock).commit(order["id"])
        record(order, written.lines, written.adjustments, PAID, actor)
