"""Orders are priced with the features taxes and shipping, composed as an operator would."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mercato_kit import work
from mercato_kit.db import engine
from mercato_shipping.sample_data import make_sample_data as make_zones
from mercato_taxes.sample_data import make_sample_data as make_rates
from mercato_testing.statements import StatementCounter

from .shopping import ADDRESS, key, new_order, stock_variant

STAFF = ["products.write", "stock.write", "orders.read"]
SETTINGS = """
[features.taxes.settings]
country = "DE"
tax_id = "DE136695976"
one_stop_shop = true
"""
ITALIAN = ADDRESS
GERMAN = {**ADDRESS, "city": "Berlin", "postal_code": "10115", "country": "DE"}
AMERICAN = {**ADDRESS, "city": "Portland", "postal_code": "97201", "country": "US"}


@dataclass
class PricedShop:
    """A shop with two variants at 100.00 each, and its staff."""

    app: Flask
    client: FlaskClient
    staff: dict[str, str]
    variant_ids: list[str]

    def quote(self, **members: Any) -> dict[str, Any]:
        """Return the quote of one unit of each variant."""
        order = new_order(*self.variant_ids, **members)
        del order["email"]
        quoted = self.client.post("/v1/orders/quote", json=order)
        assert quoted.status_code == 200, quoted.text
        return dict(quoted.json)

    def place(self, **members: Any) -> Any:
        """Place the order of that quote, and return the answer."""
        order = new_order(*self.variant_ids, **members)
        return self.client.post("/v1/orders", json=order, headers=key())


@pytest.fixture
def open_shop(boot, write_deployment, issuer):
    """A function that opens a shop with some features beside products and orders."""

    def start(*features: str, made: bool = True) -> PricedShop:
        more = issuer.table + (SETTINGS if "taxes" in features else "")
        path: Path = write_deployment("products", "orders", *features, more=more)
        app = boot(path)
        with app.app_context():
            for make in (make_rates, make_zones) if made else ():
                work.run(partial(make, {}))
        token = issuer.token(str(uuid4()), permissions=STAFF)
        staff = {"Authorization": f"Bearer {token}"}
        client = app.test_client()
        variants = [stock_variant(client, staff, units=99, unit_amount=10_000) for _ in range(2)]
        return PricedShop(app, client, staff, variants)

    return start


def totals(priced: dict[str, Any]) -> tuple[int, ...]:
    """Return what discounts, shipping and tax are, and the total."""
    names = ("amount_discount", "amount_shipping", "amount_tax", "amount_total")
    return tuple(priced[name] for name in names)


def statements_of(shop: PricedShop, **members: Any) -> list[int]:
    """Return the number of statements of an order of one line, and of one of two."""
    with shop.app.app_context():
        bind = engine()
    counts = []
    for lines in (shop.variant_ids[:1], shop.variant_ids):
        order = new_order(*lines, **members)
        with StatementCounter(bind) as sent:
            placed = shop.client.post("/v1/orders", json=order, headers=key())
        assert placed.status_code == 201, placed.text
        counts.append(len(sent))
    return counts


EXPECTED = [
    # Free above 100.00, and 15.97 are in each of two units at 100.00.
    ({"shipping_address": GERMAN}, (0, 0, 3194, 20_000)),
    # 22 % of Italy: 18.03 in each, and 1.79 in the price of shipping.
    ({"shipping_address": ITALIAN}, (0, 990, 3785, 20_990)),
    # The German 19 % come off for a business elsewhere in the EU, and for an export.
    ({"shipping_address": ITALIAN, "tax_id": "FR40303265045"}, (3194, 832, 0, 17_638)),
    ({"shipping_address": AMERICAN}, (3194, 1672, 0, 18_478)),
]
"""Wishes of a customer, and what discounts, shipping and tax are, and the total."""


class TestPlaceOrder:
    def test_costs_what_was_quoted(self, open_shop):
        """The total is that of the quote with the method, and what the arithmetic says."""
        shop = open_shop("taxes", "shipping")

        for members, expected in EXPECTED:
            offered = shop.quote(**members)["shipping_methods"]
            chosen = {**members, "shipping_method": offered[0]["code"]}
            quoted = shop.quote(**chosen)
            placed = shop.place(**chosen, expected_amount_total=quoted["amount_total"])

            assert chosen["shipping_method"] == "shipping.standard"
            assert placed.status_code == 201, placed.text
            assert totals(quoted) == totals(placed.json) == expected
            shown = shop.client.get(f"/v1/orders/{placed.json['id']}", headers=shop.staff).json
            assert shown["adjustments"] == placed.json["adjustments"]
            assert {part["provider"] for part in shown["adjustments"]} <= {"taxes", "shipping"}

    def test_refuses_what_has_no_price(self, open_shop):
        """A wrong tax id, a missing method, and one that is none, are refused at their pointers."""
        shop = open_shop("taxes", "shipping")

        refused = [
            shop.place(
                shipping_address=ITALIAN, tax_id="IT123", shipping_method="shipping.standard"
            ),
            shop.place(shipping_address=ITALIAN),
            shop.place(shipping_address=ITALIAN, shipping_method="shipping.drone"),
        ]

        assert [answer.status_code for answer in refused] == [422, 422, 422]
        assert [answer.json["errors"][0]["pointer"] for answer in refused] == [
            "/tax_id",
            "/shipping_method",
            "/shipping_method",
        ]

    def test_is_never_untaxed_by_mistake(self, open_shop):
        """Without rates, an order is refused and not placed without tax; likewise without zones."""
        taxed, sent = open_shop("taxes", made=False), open_shop("shipping", made=False)

        refused = [taxed.place(), sent.place()]

        codes = [(answer.status_code, answer.json["code"]) for answer in refused]
        assert codes == [(409, "no_tax_rate"), (409, "no_method_available")]

    def test_needs_three_statements_more(self, open_shop):
        """One SELECT of shipping, one of taxes, and one INSERT, whatever the number of lines.

        On PostgreSQL the INSERT is a part of the statement that writes the others.
        """
        plain = statements_of(open_shop(made=False))
        shop = open_shop("taxes", "shipping")
        priced = statements_of(shop, shipping_method="shipping.standard")

        with shop.app.app_context():
            more = 2 if engine().dialect.name == "postgresql" else 3
        assert priced == [count + more for count in plain]
        assert priced[0] == priced[1]


class TestWithoutThem:
    def test_keeps_orders(self, open_shop):
        """When both features leave the file, placed orders stay as they are; new ones are plain."""
        shop = open_shop("taxes", "shipping")
        placed = shop.place(shipping_method="shipping.standard").json
        place = f"/v1/orders/{placed['id']}"
        before = shop.client.get(place, headers=shop.staff).json

        plain = open_shop(made=False)

        assert plain.client.get(place, headers=plain.staff).json == before
        assert totals(plain.quote()) == totals(plain.place().json) == (0, 0, 0, 20_000)
