"""Helpers of tests of the whole shop: stock a variant, and order it."""

import secrets
from typing import Any

from flask.testing import FlaskClient

PASSWORD = "a quiet morning at the market"
ADDRESS = {
    "name": "Bea Buyer",
    "line1": "2 Market Street",
    "city": "Bologna",
    "postal_code": "40121",
    "country": "IT",
}


def key() -> dict[str, str]:
    """Return the header of a new idempotency key."""
    return {"Idempotency-Key": secrets.token_urlsafe(24)}


def stock_variant(
    client: FlaskClient,
    staff: dict[str, str],
    units: int,
    *,
    mount: str = "",
    unit_amount: int = 1000,
) -> str:
    """Create an active product with one variant at 10.00 EUR and *units* of it; return its id."""
    price = {"currency": "EUR", "unit_amount": unit_amount}
    sku = f"SKU-{secrets.token_hex(6)}"
    product = client.post(
        f"{mount}/v1/products",
        json={
            "name": f"Lamp {sku}",
            "status": "active",
            "variants": [{"sku": sku, "prices": [price]}],
        },
        headers={**staff, **key()},
    )
    assert product.status_code == 201, product.text
    variant_id = str(product.json["variants"][0]["id"])
    adjust(client, staff, variant_id, units, mount=mount)
    return variant_id


def adjust(
    client: FlaskClient, staff: dict[str, str], variant_id: str, units: int, *, mount: str = ""
) -> None:
    """Receive *units* of a variant."""
    adjusted = client.post(
        f"{mount}/v1/stock-adjustments",
        json={"adjustments": [{"variant_id": variant_id, "quantity": units, "reason": "received"}]},
        headers={**staff, **key()},
    )
    assert adjusted.status_code == 201, adjusted.text


def new_order(*variant_ids: str, **members: Any) -> dict[str, Any]:
    """Return the body of an order of one unit of each variant, by a guest."""
    lines = [{"variant_id": variant_id, "quantity": 1} for variant_id in variant_ids]
    return {
        "lines": lines,
        "currency": "EUR",
        "email": "bea@example.com",
        "shipping_address": ADDRESS,
        **members,
    }
