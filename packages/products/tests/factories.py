"""Valid rows, made through the services, and request bodies."""

from datetime import timedelta
from itertools import count

from mercato_kit.db import new_id, session, utc_now
from mercato_products.models import DEFAULT_LOCATION_ID, StockLevel
from mercato_products.services.adjustments import adjust_stock
from mercato_products.services.holds import reserve_units
from mercato_products.services.products import create_product
from mercato_products.services.reservations import commit_reservation
from mercato_products.values import Adjustment, NewPrice, NewProduct, NewVariant

_numbers = count(1)

LAMP = {
    "name": "Alba Desk Lamp",
    "description": "Turns and tilts.",
    "brand": "Northlight",
    "status": "active",
    "options": ["Finish", "Cable"],
    "variants": [
        {
            "sku": "LAMP-BLACK",
            "option_values": {"Finish": "Black", "Cable": "2 m"},
            "prices": [
                {"currency": "EUR", "unit_amount": 9900, "compare_at_amount": 11900},
                {"currency": "JPY", "unit_amount": 15800},
            ],
            "weight_grams": 1800,
        },
        {
            "sku": "LAMP-BRASS",
            "option_values": {"Cable": "2 m", "Finish": "Brass"},
            "prices": [{"currency": "EUR", "unit_amount": 12900}],
        },
    ],
}
"""The body of a request that creates a product."""


def make_product(*, name="Mug", status="active", variants=1, eur=1690, stock=None, **values):
    """Create a product with *variants* variants of *stock* units each; return their ids in order.

    Without *stock* there are no stock levels.
    """
    product = create_product(
        NewProduct(
            name=name,
            status=status,
            options=["Colour"],
            variants=[
                NewVariant(
                    sku=f"SKU-{next(_numbers):06}",
                    option_values={"Colour": str(number)},
                    prices=[NewPrice("EUR", eur)],
                    track_inventory=values.get("track_inventory", True),
                )
                for number in range(variants)
            ],
            **{key: value for key, value in values.items() if key != "track_inventory"},
        )
    )
    ids = [variant.id for variant in product.variants]
    if stock:
        receive(*ids, units=stock)
    return product.id, ids


def make_variants(number=1, *, stock=None, **values):
    """Create a product, and return the ids of its variants."""
    return make_product(variants=number, stock=stock, **values)[1]


def receive(*variant_ids, units):
    """Receive units at the default location."""
    adjust_stock(
        [
            Adjustment(variant_id=variant_id, quantity=units, reason="Delivery")
            for variant_id in variant_ids
        ],
        actor_id=None,
    )


def allow_back_orders(session, variant_id, units):
    """Set the backorder limit of a variant."""
    key = (variant_id, DEFAULT_LOCATION_ID)
    level = session.get(StockLevel, key)
    if level is None:
        level = StockLevel(variant_id=variant_id, location_id=DEFAULT_LOCATION_ID)
        session.add(level)
    level.backorder_limit = units


def lose_count(variant_id):
    """Set a variant's reserved units to 0, as a corrupted database would have them."""
    level = (variant_id, DEFAULT_LOCATION_ID)
    session.get_one(StockLevel, level).reserved = 0


def hold(quantities, *, minutes=15):
    """Reserve units for a new reference, and return it."""
    reference = new_id()
    assert reserve_units(reference, quantities, utc_now() + timedelta(minutes=minutes)) == "held"
    return reference


def sell(quantities):
    """Reserve and commit units for a new reference, and return it."""
    reference = hold(quantities)
    assert commit_reservation(reference)
    return reference


def version_of(client, product_id):
    """Return the version of a product."""
    return client.get(f"/v1/products/{product_id}").json["version"]


def price_range_of(client, currency="EUR"):
    """Return the price range of the first product in the list."""
    ranges = client.get(f"/v1/products?currency={currency}").json["data"][0]["price_range"]
    return ranges and (ranges["min_amount"], ranges["max_amount"])
