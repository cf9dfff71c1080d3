"""A fake of orders: one order of two lamps and a mug, for alice in Austria."""

from uuid import UUID

from mercato_contracts.orders import OrderLine, Orders, Record, Totals
from mercato_kit.db import utc_now
from mercato_kit.events import Event
from mercato_testing.fakes import fake

ORDER = UUID("00000000-0000-7000-8000-000000000010")
ERASED = UUID("00000000-0000-7000-8000-000000000011")
ALICE = UUID("00000000-0000-7000-8000-000000000020")
LAMP = UUID("00000000-0000-7000-8000-000000000001")
MUG = UUID("00000000-0000-7000-8000-000000000002")

NAMES = {LAMP: "Lamp <b>“Sun”</b>", MUG: "Mug & saucer"}
LINES = {LAMP: "10000000-0000-7000-8000-000000000001", MUG: "10000000-0000-7000-8000-000000000002"}

AMOUNTS = {
    "amount_subtotal": 234_500,
    "amount_discount": 500,
    "amount_shipping": 490,
    "amount_tax": 37_434,
    "amount_total": 234_490,
}


def record(order_id):
    """Return the order."""
    lines = [
        OrderLine(n, one, one, f"SKU-{n}", NAMES[one], 2 - n, 100_000, 100_000, 0, 0, 100_000)
        for n, one in enumerate(NAMES)
    ]
    email = None if order_id == ERASED else "Alice@bücher.example"
    totals = Totals("EUR", tax_included=True, amount_rounding=0, **AMOUNTS)
    states = ("open", "unpaid", "unfulfilled")
    return Record(order_id, 1001, *states, utc_now(), ALICE, email, "de-AT", totals, tuple(lines))


def get_many(ids):
    """Return orders: all are the same."""
    return {one: record(one) for one in ids}


ORDERS = fake(Orders, get_many=get_many)


def event(topic, order_id=ORDER, **facts):
    """Return an event of an order, as orders publish it."""
    return Event(
        topic=topic,
        aggregate_type="order",
        aggregate_id=order_id,
        aggregate_version=1,
        payload={
            "order_id": str(order_id),
            "number": 1001,
            "customer_id": str(ALICE),
            "currency": "EUR",
            "tax_included": True,
            **AMOUNTS,
            "lines": [
                {
                    "line_id": LINES[one],
                    "variant_id": str(one),
                    "sku": f"SKU-{number}",
                    "quantity": 2 - number,
                    "amount_total": 200_000 if one == LAMP else 34_000,
                }
                for number, one in enumerate(NAMES)
            ],
            **facts,
        },
    )
