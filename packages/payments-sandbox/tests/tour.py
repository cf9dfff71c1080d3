"""Pay orders with test cards, for the examples of the API document."""

from datetime import UTC, datetime
from uuid import uuid4

import msgspec

from mercato_payments_sandbox.signatures import headers_of

GIFT_CARD = "GIFCAR-547-01"
EMAIL = "paula.payer@example.com"
ADDRESS = {"name": "Paula Payer", "line1": "1 Market Street", "city": "Bologna", "country": "IT"}
PAYS, IS_DECLINED = "4242424242424242", "4000000000000002"


def walk(tour):
    """Authorize a payment and capture it, close another one, and receive an event."""
    staff = {"token": tour.staff}
    payment = pay(tour, PAYS, 201)
    tour.once(f"/v1/payments/{payment['id']}/capture", 200, json={}, **staff)
    tour.once(f"/v1/payments/{payment['id']}/void", 409, **staff)
    closed = pay(tour, PAYS, 201)
    tour.once(f"/v1/payments/{closed['id']}/void", 200, **staff)
    pay(tour, IS_DECLINED, 402)
    receive(tour)


def pay(tour, card, expected):
    """Place an order and pay it with a card; return the answer."""
    found = tour.send("GET", "/v1/variants", 200, query_string={"sku": GIFT_CARD})
    body = {
        "lines": [{"variant_id": found.json["data"][0]["id"], "quantity": 1}],
        "currency": "EUR",
        "email": EMAIL,
        "shipping_address": ADDRESS,
    }
    order = tour.once("/v1/orders", 201, json=body).json
    return tour.once(
        f"/v1/orders/{order['id']}/payments",
        expected,
        json={"provider": "sandbox", "payment_method": card},
        headers={"Order-Access-Token": order["access_token"]},
    ).json


def receive(tour):
    """Send the event of a payment that another shop made."""
    event = {
        "id": "evt_of_another_shop",
        "type": "payment.captured",
        "created_at": datetime.now(UTC),
        "payment": {
            "id": "pay_of_another_shop",
            "payment_id": uuid4(),
            "order_id": uuid4(),
            "number": 1001,
            "installation": "another shop",
            "amount": 2_500,
            "currency": "EUR",
            "capture": "now",
            "state": "captured",
            "amount_captured": 2_500,
            "amount_refunded": 0,
            "refunds": [],
            "observed_at": datetime.now(UTC),
        },
    }
    body = msgspec.json.encode(event)
    signed = headers_of(tour.secret, event["id"], event["created_at"], body)
    environ = {f"HTTP_{name.upper().replace('-', '_')}": text for name, text in signed.items()}
    at = "/v1/webhooks/payments/sandbox"
    tour.send("POST", at, 200, data=body, environ_overrides=environ)
    tour.send("POST", at, 400, data=body)
