"""Fakes of what reviews need: a catalogue with two products, and orders."""

from datetime import timedelta
from uuid import UUID

from mercato_contracts.catalog import Catalog, Quote, QuoteLine
from mercato_contracts.orders import Orders
from mercato_testing.fakes import fake

LAMP = UUID("00000000-0000-7000-8000-000000000001")
MUG = UUID("00000000-0000-7000-8000-000000000002")

NAMES = {LAMP: "Desk lamp", MUG: "Coffee mug"}

BOUGHT = {LAMP, MUG}
"""The products that everybody has bought."""


def quote(lines, currency, at):
    """Price variants; each is the only one of its product, and has its id."""
    quoted = tuple(
        QuoteLine(
            variant_id=one,
            product_id=one,
            sku=f"SKU-{one.int % 1000}",
            name=NAMES[one],
            variant_name="Standard",
            unit_amount=1_250,
        )
        for one in lines
    )
    return Quote(quoted, currency, valid_until=at + timedelta(minutes=5))


def bought(customer, product_ids):
    """Return which of the products the customer has bought."""
    return BOUGHT & set(product_ids)


CATALOG = fake(Catalog, quote=quote)
ORDERS = fake(Orders, bought=bought)
