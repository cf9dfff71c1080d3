"""The rows of a shop for measurements: product *n* is the same in every run and database."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from mercato_kit.text import sort_key
from mercato_products.models import DEFAULT_LOCATION_ID
from mercato_products.services.search import words_row

Row = Mapping[str, Any]

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)
TOPS, CHILDREN = 10, 10
"""Top categories, and categories below each; every product is in one of those below."""
ORDERS, OWN, LINES = 300, 200, 3
"""Orders, those of the customer, and lines of each."""
UNITS = 1_000_000
SIZES = ("Small", "Large")
EMAIL = "bea@example.com"
OTHER_EMAIL, OTHER_PASSWORD = "carl@example.com", "a quiet morning at the market"
"""Who logs in: each login ends the session of an account that was not used for the longest time."""

ADDRESS = {
    "name": "Bea Buyer",
    "line1": "2 Market Street",
    "city": "Bologna",
    "postal_code": "40121",
    "country": "IT",
}

_KINDS = ("product", "variant", "medium", "category", "movement", "user", "session", "order")
_ADJECTIVES = "Quiet Bright Solid Plain Round Tall Warm Small Wide Light Dark Soft".split()
_MATERIALS = "Oak Steel Linen Glass Cork Brass Wool Marble Ash Copper Paper".split()
_THINGS = "Lamp Table Chair Shelf Bowl Clock Vase Bench Mirror Desk Stool Rug Tray".split()


def uid(kind: str, number: int) -> UUID:
    """Return the id of a row: a UUIDv7 that sorts by *number*."""
    moment = int(EPOCH.timestamp() * 1000) + number
    return UUID(int=moment << 80 | 7 << 76 | _KINDS.index(kind) << 64 | 2 << 62 | number)


def variant_id(product: int, size: int = 0) -> UUID:
    """Return the id of a variant of a product."""
    return uid("variant", product * len(SIZES) + size)


def name_of(number: int) -> str:
    """Return the name of a product: common words, one that 20 products share, and its number."""
    words = (_ADJECTIVES[number % 12], _MATERIALS[number // 12 % 11], _THINGS[number // 7 % 13])
    return f"{' '.join(words)} Series{number // 20:05} {number}"


def tables(count: int) -> Iterator[tuple[str, Iterable[Row]]]:
    """Yield each table with its rows, for *count* products; tables that others name come first."""
    of_products: dict[str, Callable[[int], Iterable[Row]]] = {
        "products_product": _product,
        "products_variant": _variants,
        "products_price": _prices,
        "products_media": _media,
        "products_product_category": _links,
        "products_price_range": _price_ranges,
        "products_category_listing": _listings,
        "products_category_price": _category_prices,
        "products_search": _words,
        "products_stock_level": _levels,
        "products_stock_movement": _movements,
    }
    of_orders: dict[str, Callable[[int], Iterable[Row]]] = {
        "orders_order": _order,
        "orders_line": _order_lines,
        "orders_event": _order_events,
        "products_stock_reservation": _reservation,
        "products_stock_reservation_line": _reservation_lines,
        "kit_outbox": _outbox,
    }
    yield "users_user", _users()
    yield "users_session", [_session()]
    yield "products_category", _categories()
    for table, make in of_products.items():
        yield table, (row for number in range(count) for row in make(number))
    for table, make in of_orders.items():
        yield table, (row for number in range(ORDERS) for row in make(number))


def _users() -> Iterable[Row]:
    for number, email in enumerate((EMAIL, OTHER_EMAIL)):
        yield {
            "id": uid("user", number),
            "email": email,
            "email_canonical": email,
            "email_verified_at": EPOCH,
            "given_name": "Bea",
            "family_name": "Buyer",
            "status": "active",
            "token_epoch": 0,
            **_aggregate(number),
        }


def _session() -> Row:
    return {
        "id": uid("session", 0),
        "user_id": uid("user", 0),
        "created_at": EPOCH,
        "last_seen_at": EPOCH,
        "expires_at": LATER,
        "amr": json.dumps(["pwd"]),
        "auth_time": EPOCH,
        "idle_expires_at": LATER,
    }


def _categories() -> Iterable[Row]:
    for top in range(TOPS):
        yield _category(top, f"top-{top}", "", None)
    for child in range(TOPS * CHILDREN):
        top = child % TOPS
        yield _category(TOPS + child, f"part-{child}", f"top-{top}/", uid("category", top))


def _category(number: int, handle: str, above: str, parent: UUID | None) -> Row:
    return {
        "id": uid("category", number),
        "parent_id": parent,
        "handle": handle,
        "name": handle.title(),
        "name_key": sort_key(handle.title()),
        "path": f"{above}{handle}/",
        "depth": 0 if parent is None else 1,
        "position": number,
        **_aggregate(number),
    }


def _product(number: int) -> Iterable[Row]:
    name = name_of(number)
    yield {
        "id": uid("product", number),
        "handle": name.lower().replace(" ", "-"),
        "name": name,
        "name_key": sort_key(name),
        "in_stock": True,
        "description": f"{name}: made by hand, meant to last, and repaired for as long as it does.",
        "brand": f"Maker {number % 200}",
        "status": "active",
        "options": json.dumps(["Size"]),
        "external_reference": f"ERP-{number}",
        "published_at": EPOCH,
        **_aggregate(number),
    }


def _variants(number: int) -> Iterable[Row]:
    for size, value in enumerate(SIZES):
        yield {
            "id": variant_id(number, size),
            "product_id": uid("product", number),
            "sku": f"SKU-{number}-{value[0]}",
            "name": value,
            "option_values": json.dumps({"Size": value}),
            "option_key": hashlib.sha256(value.encode()).hexdigest(),
            "position": size,
            "weight_grams": 500,
            "requires_shipping": True,
            "track_inventory": True,
            "status": "active",
            "is_for_sale": True,
            **_aggregate(number),
        }


def _amount(number: int, size: int) -> int:
    return 500 + number * 37 % 20_000 + size * 250


def _prices(number: int) -> Iterable[Row]:
    for size in range(len(SIZES)):
        yield {
            "variant_id": variant_id(number, size),
            "currency": "EUR",
            "unit_amount": _amount(number, size),
            "version": 1,
        }


def _price_ranges(number: int) -> Iterable[Row]:
    yield {
        "product_id": uid("product", number),
        "currency": "EUR",
        "status": "active",
        "in_stock": True,
        "min_amount": _amount(number, 0),
        "max_amount": _amount(number, len(SIZES) - 1),
    }


def _categories_of(number: int) -> tuple[UUID, UUID]:
    """Return the ids of the category that a product is in, and of the one above."""
    child = number % (TOPS * CHILDREN)
    return uid("category", TOPS + child), uid("category", child % TOPS)


def _listings(number: int) -> Iterable[Row]:
    for category in _categories_of(number):
        yield {
            "category_id": category,
            "product_id": uid("product", number),
            "status": "active",
            "in_stock": True,
            "created_at": EPOCH + timedelta(seconds=number),
            "name_key": sort_key(name_of(number)),
        }


def _category_prices(number: int) -> Iterable[Row]:
    for category in _categories_of(number):
        for row in _price_ranges(number):
            yield {"category_id": category, **row}


def _words(number: int) -> Iterable[Row]:
    (product,) = _product(number)
    skus = [(variant["sku"], variant["status"]) for variant in _variants(number)]
    categories = [category.hex for category in _categories_of(number)]
    yield words_row(SimpleNamespace(**product), skus, categories)


def _media(number: int) -> Iterable[Row]:
    for position in range(2):
        yield {
            "id": uid("medium", number * 2 + position),
            "product_id": uid("product", number),
            "url": f"https://images.example/{number}/{position}.jpg",
            "alt": name_of(number),
            "position": position,
        }


def _links(number: int) -> Iterable[Row]:
    category = uid("category", TOPS + number % (TOPS * CHILDREN))
    yield {"category_id": category, "product_id": uid("product", number), "position": 0}


def _reserved(number: int, size: int) -> int:
    return 1 if size == 0 and number < ORDERS * LINES else 0


def _levels(number: int) -> Iterable[Row]:
    for size in range(len(SIZES)):
        yield {
            "variant_id": variant_id(number, size),
            "location_id": DEFAULT_LOCATION_ID,
            "on_hand": UNITS,
            "reserved": _reserved(number, size),
            "backorder_limit": 0,
            "version": 1,
        }


def _movements(number: int) -> Iterable[Row]:
    for size in range(len(SIZES)):
        place = number * len(SIZES) + size
        yield _movement(place, number, size, kind="receipt", on_hand_delta=UNITS)
        if _reserved(number, size):
            reference = uid("order", number // LINES)
            # Above all ids of receipts.
            place += 1 << 40
            yield _movement(
                place, number, size, kind="reserve", reserved_delta=1, reference=reference
            )


def _movement(place: int, number: int, size: int, **values: Any) -> Row:
    reference = values.pop("reference", None)
    return {
        "id": uid("movement", place),
        "variant_id": variant_id(number, size),
        "location_id": DEFAULT_LOCATION_ID,
        "on_hand_delta": 0,
        "reserved_delta": 0,
        "reference": reference,
        "reference_type": reference and "reservation",
        "sequence": 0,
        "created_at": EPOCH,
    } | values


def _order(number: int) -> Iterable[Row]:
    own = number < OWN
    total = sum(_amount(product, 0) for product in _products_of(number))
    yield {
        "id": uid("order", number),
        "number": number + 1,
        "customer_id": uid("user", 0 if own else 1),
        "customer_email": EMAIL if own else OTHER_EMAIL,
        "customer_name": "Bea Buyer",
        "status": "open",
        "payment_status": "unpaid",
        "fulfillment_status": "unfulfilled",
        "currency": "EUR",
        **dict.fromkeys(
            (
                "amount_discount",
                "amount_shipping",
                "amount_tax",
                "amount_paid",
                "amount_refunded",
                "amount_rounding",
            ),
            0,
        ),
        "amount_subtotal": total,
        "amount_total": total,
        "tax_included": False,
        "shipping_address": json.dumps(ADDRESS),
        "expires_at": LATER,
        "placed_at": EPOCH,
        **_aggregate(number),
    }


def _products_of(order: int) -> range:
    return range(order * LINES, (order + 1) * LINES)


def _order_lines(number: int) -> Iterable[Row]:
    for position, product in enumerate(_products_of(number)):
        amount = _amount(product, 0)
        yield {
            "id": uid("order", ORDERS + product),
            "order_id": uid("order", number),
            "position": position,
            "product_id": uid("product", product),
            "variant_id": variant_id(product),
            "sku": f"SKU-{product}-S",
            "name": name_of(product),
            "variant_name": SIZES[0],
            "image_url": f"https://images.example/{product}/0.jpg",
            "unit_amount": amount,
            "quantity": 1,
            "amount_subtotal": amount,
            "amount_discount": 0,
            "tax_rate_ppm": 0,
            "amount_tax": 0,
            "amount_total": amount,
            "requires_shipping": True,
            "quantity_fulfilled": 0,
            "quantity_canceled": 0,
            "quantity_returned": 0,
        }


def _order_events(number: int) -> Iterable[Row]:
    yield {
        "id": uid("order", number),
        "order_id": uid("order", number),
        "type": "order.placed",
        "is_public": True,
        "actor_type": "customer",
        "actor_id": uid("user", 0),
        "data": "{}",
        "created_at": EPOCH,
    }


def _reservation(number: int) -> Iterable[Row]:
    reference = uid("order", number)
    yield {
        "reference": reference,
        "status": "held",
        "expires_at": LATER,
        "created_at": EPOCH,
    }


def _reservation_lines(number: int) -> Iterable[Row]:
    for product in _products_of(number):
        yield {
            "reference": uid("order", number),
            "variant_id": variant_id(product),
            "location_id": DEFAULT_LOCATION_ID,
            "quantity": 1,
            "shipped": 0,
            "released": 0,
            "restocked": 0,
            "is_tracked": True,
        }


def _outbox(number: int) -> Iterable[Row]:
    yield {
        "id": uid("order", number),
        "topic": "order.placed",
        "aggregate_type": "order",
        "aggregate_id": uid("order", number),
        "aggregate_version": 1,
        "payload": "{}",
        "payload_version": 1,
        "created_at": EPOCH,
    }


def _aggregate(number: int) -> Row:
    moment = EPOCH + timedelta(seconds=number)
    return {"version": 1, "created_at": moment, "updated_at": moment, "metadata": "{}"}
