"""Many products, inserted in bulk."""

from datetime import timedelta

import sqlalchemy as sa

from mercato_kit.db import new_id, session, utc_now
from mercato_products.models import (
    DEFAULT_LOCATION_ID,
    Category,
    Medium,
    Price,
    Product,
    ProductCategory,
    StockLevel,
    Variant,
)
from mercato_products.services import refresh_listings, refresh_words

TOP, LEAVES = "all", 20
COLOURS = ("Black", "White", "Oak", "Brass", "Green", "Blue", "Linen")


def fill(number, *, batch=1000, listed=True):
    """Make products in 20 categories below the category ``all``, one of them in stock of ten.

    All have the word ``thing``, one of seven a colour, and each a word of its own. They are in
    lists and found, unless *listed* is False, which is much faster.
    """
    leaves = _make_categories()
    now = utc_now()
    for start in range(0, number, batch):
        numbers = range(start, min(start + batch, number))
        ids = {each: new_id() for each in numbers}
        _make_products(ids, leaves, now)
        if listed:
            refresh_listings(*ids.values())
            refresh_words(*ids.values())
    session.execute(sa.text("ANALYZE"))


def _make_categories():
    ids = {name: new_id() for name in (TOP, *(f"leaf-{number}" for number in range(LEAVES)))}
    for name, category_id in ids.items():
        is_top = name == TOP
        session.add(
            Category(
                id=category_id,
                handle=name,
                name=name,
                parent_id=None if is_top else ids[TOP],
                path=f"{TOP}/" if is_top else f"{TOP}/{name}/",
                depth=0 if is_top else 1,
            )
        )
        session.flush()
    return [category_id for name, category_id in ids.items() if name != TOP]


def _make_products(ids, leaves, now):
    variants = {number: new_id() for number in ids}
    rows = {
        Product: lambda number: {
            "id": ids[number],
            "handle": f"p-{number}",
            "name": f"{COLOURS[number % 7]} Thing {number % 97}",
            "description": f"Unique{number}",
            "status": "active",
            "options": [],
            "created_at": now - timedelta(seconds=number),
            "updated_at": now,
        },
        ProductCategory: lambda number: {
            "category_id": leaves[number % LEAVES],
            "product_id": ids[number],
            "position": 0,
        },
        Variant: lambda number: {
            "id": variants[number],
            "product_id": ids[number],
            "sku": f"SKU-{number:07}",
            "name": "",
            "option_values": {},
            "option_key": "",
            "is_for_sale": True,
        },
        Price: lambda number: {
            "variant_id": variants[number],
            "currency": "EUR",
            "unit_amount": 100 + number * 7919 % 10_000,
        },
        Medium: lambda number: {
            "id": new_id(),
            "product_id": ids[number],
            "url": "https://images.example.com/1.jpg",
            "position": 0,
        },
        StockLevel: lambda number: {
            "variant_id": variants[number],
            "location_id": DEFAULT_LOCATION_ID,
            "on_hand": 5 if number % 10 == 0 else 0,
        },
    }
    for model, row in rows.items():
        session.execute(sa.insert(model), [row(number) for number in ids])
