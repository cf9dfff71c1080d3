"""Random rows of products that the database accepts, for the test of the views."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.orm import joinedload, selectinload

from mercato_kit.db import session
from mercato_products.models import (
    DEFAULT_LOCATION_ID,
    Category,
    Medium,
    Price,
    PriceRange,
    Product,
    ProductCategory,
    Reservation,
    ReservationLine,
    StockLevel,
    StockMovement,
    Variant,
)
from mercato_testing.views import ViewCase

START = datetime(1900, 1, 1, tzinfo=UTC)
TIMES = st.timedeltas(timedelta(), timedelta(days=365 * 399)).map(START.__add__)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=9)
JSON = st.dictionaries(TEXT, st.none() | st.booleans() | st.integers(-9, 9) | TEXT, max_size=3)
TEXTS = st.dictionaries(TEXT, TEXT, max_size=2)
AMOUNTS = st.integers(0, 2**53 - 1)
UNITS = st.integers(0, 3)


def maybe(strategy):
    """Return a strategy that also draws None."""
    return st.none() | strategy


@st.composite
def categories(draw):
    """Draw a category at the top."""
    return Category(
        id=draw(st.uuids()),
        handle=str(draw(st.uuids())),
        name=draw(TEXT),
        path=draw(TEXT),
        position=draw(UNITS),
        metadata_=draw(JSON),
        created_at=draw(TIMES),
        updated_at=draw(TIMES),
    )


@st.composite
def products(draw):
    """Draw a product without parts."""
    return Product(
        **{name: draw(maybe(TIMES)) for name in ("published_at", "archived_at")},
        **{name: draw(TIMES) for name in ("created_at", "updated_at")},
        **{name: draw(maybe(TEXT)) for name in ("brand", "tax_code", "external_reference")},
        **{name: draw(TEXT) for name in ("name", "description")},
        id=draw(st.uuids()),
        handle=str(draw(st.uuids())),
        status=draw(st.sampled_from(["draft", "active", "archived"])),
        options=draw(st.lists(TEXT, max_size=2)),
        metadata_=draw(JSON),
    )


@st.composite
def variants(draw, product):
    """Draw a variant of a product, with prices and perhaps a stock level."""
    on_hand, limit = draw(UNITS), draw(UNITS)
    variant = Variant(
        **{name: draw(TIMES) for name in ("created_at", "updated_at")},
        **{name: draw(st.booleans()) for name in ("requires_shipping", "track_inventory")},
        id=draw(st.uuids()),
        product_id=product.id,
        sku=str(draw(st.uuids())),
        gtin=draw(maybe(TEXT)),
        name=draw(TEXT),
        option_values=draw(TEXTS),
        option_key=str(draw(st.uuids())),
        position=draw(UNITS),
        weight_grams=draw(maybe(UNITS)),
        tax_code=draw(maybe(TEXT)),
        status=draw(st.sampled_from(["active", "archived"])),
        metadata_=draw(JSON),
    )
    level = StockLevel(
        variant_id=variant.id,
        location_id=DEFAULT_LOCATION_ID,
        on_hand=on_hand,
        reserved=draw(st.integers(0, on_hand + limit)),
        backorder_limit=limit,
    )
    currencies = draw(st.lists(st.sampled_from(["EUR", "JPY", "CHF"]), max_size=2, unique=True))
    prices = [
        Price(
            variant_id=variant.id,
            currency=currency,
            unit_amount=draw(AMOUNTS),
            compare_at_amount=draw(maybe(AMOUNTS)),
        )
        for currency in currencies
    ]
    return [variant, *prices, *([level] if draw(st.booleans()) else [])]


@st.composite
def with_parts(draw):
    """Draw a product with variants, media and categories."""
    product = draw(products())
    made = [part for _ in range(draw(st.integers(0, 2))) for part in draw(variants(product))]
    ids = [row.id for row in made if isinstance(row, Variant)]
    media = [
        Medium(
            id=draw(st.uuids()),
            product_id=product.id,
            variant_id=draw(st.sampled_from([None, *ids])),
            url=draw(TEXT),
            alt=draw(TEXT),
            position=position,
        )
        for position in range(draw(st.integers(0, 2)))
    ]
    category = draw(categories())
    links = [ProductCategory(category_id=category.id, product_id=product.id)]
    return [product, *made, *media, *([category, *links] if draw(st.booleans()) else [])]


@st.composite
def with_price_ranges(draw):
    """Draw a product with its parts and price ranges."""
    rows = draw(with_parts())
    ranges = [
        PriceRange(
            product_id=rows[0].id,
            currency=currency,
            status=rows[0].status,
            in_stock=draw(st.booleans()),
            min_amount=draw(st.integers(0, 9)),
            max_amount=draw(st.integers(9, 99)),
        )
        for currency in draw(st.lists(st.sampled_from(["EUR", "JPY", "CHF"]), unique=True))
    ]
    return [*rows, *ranges]


@st.composite
def with_variant(draw):
    """Draw a variant after its product."""
    product = draw(products())
    return [product, *draw(variants(product))]


@st.composite
def with_lines(draw):
    """Draw a reservation after the variant that it has a line of."""
    rows = draw(with_variant())
    reservation = Reservation(
        reference=draw(st.uuids()),
        status=draw(st.sampled_from(["held", "committed", "closed", "released"])),
        expires_at=draw(maybe(TIMES)),
        created_at=draw(TIMES),
    )
    line = ReservationLine(
        reference=reservation.reference,
        variant_id=rows[1].id,
        location_id=DEFAULT_LOCATION_ID,
        quantity=5,
        shipped=draw(UNITS),
        restocked=0,
    )
    return [*rows, reservation, *([line] if draw(st.booleans()) else [])]


@st.composite
def with_movement(draw):
    """Draw a stock movement after its variant."""
    rows = draw(with_variant())
    movement = StockMovement(
        **{name: draw(maybe(st.uuids())) for name in ("reference", "actor_id")},
        **{name: draw(maybe(TEXT)) for name in ("reference_type", "reason")},
        id=draw(st.uuids()),
        variant_id=rows[1].id,
        location_id=DEFAULT_LOCATION_ID,
        kind=draw(st.sampled_from(["receipt", "adjustment", "reserve", "ship"])),
        on_hand_delta=draw(st.integers(-9, 9)),
        reserved_delta=draw(st.integers(-9, 9)),
        sequence=draw(UNITS),
        created_at=draw(TIMES),
    )
    return [*rows, movement]


def stocked(product):
    """Return a product that shows its stock."""
    product.shows_stock = True
    return product


def summarised(product):
    """Return what a list shows of a product with all parts: from its active variants."""
    ranges = session.scalars(sa.select(PriceRange).where(PriceRange.product_id == product.id))
    usual_first = sorted(ranges, key=lambda one: (one.currency != "JPY", one.currency))
    names = ("id", "handle", "name", "brand", "status", "image_url", "created_at", "updated_at")
    active = [one.stock.availability for one in product.variants if one.status == "active"]
    words = ("in_stock", "back_order")
    best = next((word for word in words if word in active), "out_of_stock")
    return SimpleNamespace(
        **{name: getattr(product, name) for name in names},
        price_range=next(iter(usual_first), None),
        availability="discontinued" if product.status == "archived" else best,
    )


WITH_PARTS = [
    selectinload(Product.variants).selectinload(Variant.prices),
    selectinload(Product.media),
    selectinload(Product.category_links),
]
WITH_STOCK = [*WITH_PARTS, selectinload(Product.variants).selectinload(Variant.levels)]

VIEW_CASES = {
    "PRODUCT": ViewCase(with_parts(), options=WITH_PARTS),
    "PRODUCT_WITH_STOCK": ViewCase(with_parts(), options=WITH_STOCK, loaded=stocked),
    "VARIANTS": ViewCase(with_variant(), options=[selectinload(Variant.prices)]),
    "PRODUCTS": ViewCase(
        with_price_ranges(),
        values=lambda row: {"ids": [row.id], "usual_currency": "JPY"},
        options=WITH_STOCK,
        loaded=summarised,
    ),
    "LEVELS": ViewCase(
        with_variant().filter(lambda rows: isinstance(rows[-1], StockLevel)),
        values=lambda row: {"variants": True, "variant_ids": [row.variant_id]},
        options=[joinedload(StockLevel.variant)],
    ),
    "MOVEMENTS": ViewCase(with_movement(), values=lambda row: {"variant_id": row.variant_id}),
    "RESERVATIONS": ViewCase(
        with_lines(),
        values=lambda row: {"reference": row.reference},
        options=[selectinload(Reservation.lines)],
    ),
    "CATEGORIES": ViewCase(categories().map(lambda category: [category])),
}
