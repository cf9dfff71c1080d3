"""Sample data: a shop generated from word lists, the same on every run."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product as combinations
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_products import services
from mercato_products.models import (
    DEFAULT_LOCATION_ID,
    Base,
    Category,
    Medium,
    Price,
    Product,
    ProductCategory,
    StockLevel,
    StockMovement,
    Variant,
)
from mercato_products.sample_words import DEPARTMENTS, GIFT_CARDS, KINDS, SERIES, Kind

Row = dict[str, Any]
Rows = dict[type[Base], list[Row]]

WELL_STOCKED = 40
"""Minimum units on hand of the variants left for other features."""


def sample_id(kind: str, name: str) -> UUID:
    """Return the id of a sample, the same in every shop: ``sample_id("product", "gift-card")``.

    Args:
        kind: ``category``, ``product``, ``variant``, ``medium`` or ``movement``.
        name: The handle, the SKU or the URL of it.
    """
    return uuid5(NAMESPACE_URL, f"https://mercato.example/samples/{kind}/{name}")


def make_sample_data(samples: dict[str, list[Any]]) -> list[str]:
    """Fill an empty catalogue; set ``variant_ids`` of *samples* to ids of well-stocked variants."""
    if session.scalar(sa.select(Product.id).limit(1)) is None:
        for model, rows in _make_shop().items():
            session.execute(sa.insert(model), rows)
        services.reindex()
    samples["variant_ids"] = _find_well_stocked()
    return list(_describe())


def _find_well_stocked() -> list[UUID]:
    unreserved = StockLevel.on_hand - StockLevel.reserved
    wanted = (
        sa.select(Variant.id)
        .join(Variant.product)
        .join(Variant.levels)
        .where(
            Product.status == "active",
            StockLevel.location_id == DEFAULT_LOCATION_ID,
            unreserved >= WELL_STOCKED,
        )
        .order_by(Variant.sku)
        .limit(40)
    )
    return list(session.scalars(wanted))


def _describe() -> Iterator[str]:
    def count(model: type[Base], *conditions: Any) -> int:
        counted = sa.select(sa.func.count()).select_from(model).where(*conditions)
        return session.scalar(counted) or 0

    yield f"{count(Product)} products in {count(Category)} categories, {count(Variant)} variants"
    yield f"{count(StockLevel, StockLevel.available <= 0)} variants are sold out"
    yield f"{count(StockLevel, StockLevel.backorder_limit > 0)} variants can be backordered"


def _make_shop() -> Rows:
    """Return the rows of every table, in an order in which they can be inserted."""
    rows: Rows = {
        model: []
        for model in (
            Category,
            Product,
            ProductCategory,
            Variant,
            Price,
            Medium,
            StockLevel,
            StockMovement,
        )
    }
    categories = _make_categories(rows)
    for number, (kind, series) in enumerate(combinations(KINDS, SERIES)):
        _make_product(rows, number, kind, series, categories[kind.category])
    _make_gift_card(rows, categories["gift-cards"])
    return rows


def _make_categories(rows: Rows) -> dict[str, UUID]:
    """Add the tree of categories, and return the ids by handle."""
    ids: dict[str, UUID] = {}

    def add(handle: str, name: str, parent: str | None, position: int) -> None:
        ids[handle] = sample_id("category", handle)
        rows[Category].append(
            {
                "id": ids[handle],
                "handle": handle,
                "name": name,
                "parent_id": None if parent is None else ids[parent],
                "path": f"{handle}/" if parent is None else f"{parent}/{handle}/",
                "depth": 0 if parent is None else 1,
                "position": position,
            }
        )

    for place, ((department, title), inside) in enumerate(DEPARTMENTS.items()):
        add(department, title, None, place)
        for position, (handle, name) in enumerate(inside.items()):
            add(handle, name, department, position)
    return ids


def _make_product(rows: Rows, number: int, kind: Kind, series: str, category: UUID) -> None:
    name = f"{series} {kind.name}"
    created_at = utc_now() - timedelta(hours=11 * number + 1)
    product = _add_product(
        rows,
        name=name,
        description=f"{kind.about} From the series {series} by {SERIES[series]}.",
        brand=SERIES[series],
        # A few drafts and archived products, as in a real shop.
        status={100: "draft", 200: "archived"}.get(number % 250, "active"),
        options=list(kind.options),
        created_at=created_at,
    )
    _show(rows, product, category, pictures=2)
    cents = kind.cents + kind.cents // 40 * (number % 7) // 100 * 100
    values = [
        dict(zip(kind.options, choice, strict=True))
        for choice in combinations(*kind.options.values())
    ]
    for position, option_values in enumerate(values):
        variant = _make_variant(rows, product, option_values, position)
        variant["weight_grams"] = kind.grams + 40 * position
        _price(rows, variant["id"], cents + 500 * (position % 3))
        _stock(rows, variant["id"], len(rows[Variant]))


def _make_gift_card(rows: Rows, category: UUID) -> None:
    product = _add_product(
        rows,
        name="Gift Card",
        description="Sent by e-mail within minutes.",
        brand=None,
        status="active",
        options=["Value"],
        created_at=utc_now(),
    )
    _show(rows, product, category, pictures=1)
    for position, cents in enumerate(GIFT_CARDS):
        variant = _make_variant(rows, product, {"Value": str(cents // 100)}, position)
        variant |= {"requires_shipping": False, "track_inventory": False}
        _price(rows, variant["id"], cents)


def _add_product(rows: Rows, **members: Any) -> Row:
    created_at, status = members["created_at"], members["status"]
    handle = services.make_handle(members["name"])
    product: Row = {
        **members,
        "id": sample_id("product", handle),
        "handle": handle,
        "updated_at": created_at,
        "published_at": None if status == "draft" else created_at,
        "archived_at": utc_now() if status == "archived" else None,
    }
    rows[Product].append(product)
    return product


def _make_variant(rows: Rows, product: Row, option_values: dict[str, str], position: int) -> Row:
    code = "".join(word[:3] for word in product["name"].upper().split())
    sku = f"{code}-{len(rows[Product]):03}-{position + 1:02}"
    variant: Row = {
        "id": sample_id("variant", sku),
        "product_id": product["id"],
        "sku": sku,
        "name": services.name_variant(option_values, product["options"]),
        "option_values": option_values,
        "option_key": services.make_option_key(option_values),
        "position": position,
        "weight_grams": None,
        "requires_shipping": True,
        "track_inventory": True,
        "status": "active",
    }
    rows[Variant].append(variant)
    return variant


def _show(rows: Rows, product: Row, category: UUID, *, pictures: int) -> None:
    rows[ProductCategory].append(
        {
            "category_id": category,
            "product_id": product["id"],
            "position": len(rows[ProductCategory]),
        }
    )
    rows[Medium].extend(
        {
            "id": sample_id("medium", url),
            "product_id": product["id"],
            "url": url,
            "alt": product["name"],
            "position": number - 1,
        }
        for number in range(1, pictures + 1)
        for url in [f"https://images.example.com/products/{product['handle']}-{number}.jpg"]
    )


def _price(rows: Rows, variant_id: UUID, cents: int) -> None:
    rows[Price].extend(
        {"variant_id": variant_id, "currency": currency, "unit_amount": amount}
        for currency, amount in _in_currencies(cents).items()
    )


def _in_currencies(cents: int) -> dict[str, int]:
    """Return a price in EUR cents, US cents and yen, rounded to typical prices."""
    return {"EUR": cents, "USD": cents * 110 // 10000 * 100 + 95, "JPY": cents * 16 // 100 * 10}


def _stock(rows: Rows, variant_id: UUID, number: int) -> None:
    """Add a level: every ninth variant is sold out, every thirteenth can be backordered."""
    backorder_limit = 20 if number % 13 == 0 else 0
    on_hand = 0 if number % 9 == 0 or backorder_limit else 3 + number * 7 % 58
    place = {"variant_id": variant_id, "location_id": DEFAULT_LOCATION_ID}
    rows[StockLevel].append(
        {**place, "on_hand": on_hand, "reserved": 0, "backorder_limit": backorder_limit}
    )
    if on_hand:
        rows[StockMovement].append(
            {
                **place,
                "id": sample_id("movement", str(variant_id)),
                "kind": "receipt",
                "on_hand_delta": on_hand,
                "reserved_delta": 0,
                "sequence": 0,
                "reason": "Opening stock",
            }
        )
