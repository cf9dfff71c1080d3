"""Sample data: orders in several states."""

from dataclasses import replace
from itertools import cycle, islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.baskets import Address
from mercato_contracts.orders import WantedLine
from mercato_contracts.payments import Payments
from mercato_kit.db import session
from mercato_kit.principals import Principal
from mercato_kit.services import each
from mercato_orders import services
from mercato_orders.access import Caller
from mercato_orders.models import Order
from mercato_orders.permissions import WRITE
from mercato_orders.values import Cancellation, NewOrder, NewPayment

ORDERS = 24

_CLERK = Caller(Principal(kind="service", permissions=frozenset({WRITE})))
_GUESTS = [("ada.marsh@example.com", "Ada Marsh"), ("tom.hale@example.com", "Tom Hale")]
_PLACES = [
    ("4 Harbour Row", "Cork", "T12 XY88", "IE"),
    ("Lindenweg 21", "Graz", "8010", "AT"),
    ("11 Rue des Lilas", "Lyon", "69003", "FR"),
    ("Via Roma 8", "Parma", "43121", "IT"),
    ("Kastanjelaan 5", "Utrecht", "3512 AB", "NL"),
]
_NOTES = [None, None, "Please ring twice.", None, "It is a present: no bill in the parcel."]


def make_sample_data(samples: dict[str, list[Any]]) -> list[str]:
    """Place 24 orders, pay most of them and cancel a few.

    Args:
        samples: ``variant_ids`` of variants in stock with a price in EUR, and ``customers`` as
            (id, e-mail, name); without customers, the orders are placed by guests.

    Returns:
        A summary; empty if there are no variants, or orders already.
    """
    variant_ids = samples.get("variant_ids", [])
    if not variant_ids or session.scalar(sa.select(Order.id).limit(1)):
        return []
    customers = _customers(samples.get("customers", []))
    buyers = islice(cycle(customers), ORDERS)
    counts = {"paid": 0, "canceled": 0, "unpaid": 0}
    for index, customer in enumerate(buyers):
        wanted = _with_method(_wanted(index, variant_ids, customer), customer)
        order = services.place_order(wanted, customer)
        counts[_advance(index, order.content["id"])] += 1
    states = ", ".join(f"{count} {state}" for state, count in counts.items())
    return [f"{ORDERS} orders of {len(customers)} customers: {states}"]


def _customers(known: list[tuple[UUID, str, str]]) -> list[Principal]:
    if not known:
        return [Principal(email=email, name=name) for email, name in _GUESTS]
    return [
        Principal(sub=sub, kind="user", email=email, email_verified=True, name=name)
        for sub, email, name in known
    ]


def _wanted(index: int, variant_ids: list[UUID], customer: Principal) -> NewOrder:
    line1, city, postal_code, country = _PLACES[index % len(_PLACES)]
    return NewOrder(
        lines=[
            WantedLine(variant_ids[(index * 3 + step) % len(variant_ids)], 1 + step % 2)
            for step in range(1 + index % 3)
        ],
        currency="EUR",
        shipping_address=Address(
            name=customer.name or "",
            line1=line1,
            city=city,
            postal_code=postal_code,
            country=country,
        ),
        note=_NOTES[index % len(_NOTES)],
    )


def _with_method(wanted: NewOrder, customer: Principal) -> NewOrder:
    """Return an order with the first shipping method of its quote, if there is one."""
    methods = services.quote_order(wanted, customer).shipping_methods
    return replace(wanted, shipping_method=methods[0].code) if methods else wanted


def _pay(order_id: UUID) -> bool:
    """Pay an order with a provider that is asked here; return whether there is one."""
    here = (one.name for one in each(Payments) if not one.provider.capabilities.remote)
    name = next(here, None)
    if name is not None:
        services.Attempt(order_id, NewPayment(name), _CLERK).begin()
    return name is not None


def _advance(index: int, order_id: UUID) -> str:
    """Pay five of eight orders, cancel one and leave two unpaid; return the new state."""
    if index % 8 < 5:
        return "paid" if _pay(order_id) else "unpaid"
    if index % 8 == 5:
        services.CancelRequest(order_id, Cancellation(reason="Ordered twice"), _CLERK).begin()
        return "canceled"
    return "unpaid"
