"""Vouchers in orders: their limits hold over HTTP, and canceled orders give uses back."""

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
import sqlalchemy as sa

from mercato_kit import work
from mercato_kit.db import engine, session, utc_now
from mercato_orders.models import Order
from mercato_orders.services import expire_unpaid_orders
from mercato_shipping.sample_data import make_sample_data as make_zones
from mercato_taxes.sample_data import make_sample_data as make_rates
from mercato_testing.statements import StatementCounter
from mercato_vouchers.models import Redemption, Voucher

from .invariants import find_violations
from .shop import Shop, running_shop
from .shopping import key, new_order, stock_variant

CLIENTS = 12
KILLED_AFTER = (20, 45)
STAFF = ["products.write", "stock.read", "stock.write", "vouchers.read", "vouchers.write"]
TAXES = '[features.taxes.settings]\ncountry = "DE"\n'
TEN = {"name": "Ten", "kind": "percent", "ppm": 100_000}

NewOrder = tuple[dict[str, Any], dict[str, str]]
"""The body and the headers of an order."""
Answer = tuple[int, dict[str, Any]]
"""A status and a body."""


@pytest.fixture
def staff(issuer) -> dict[str, str]:
    """Headers of a member of staff."""
    return {"Authorization": f"Bearer {issuer.token(str(uuid4()), permissions=STAFF)}"}


@pytest.fixture
def shop(boot, write_deployment, issuer):
    """The client of a shop with vouchers."""
    path = write_deployment("products", "orders", "vouchers", more=issuer.table)
    return boot(path).test_client()


def make_voucher(client, staff, code, **members):
    """Create a voucher of 10 %."""
    body = {**TEN, "code": code, **members}
    made = client.post("/v1/vouchers", json=body, headers={**staff, **key()})
    assert made.status_code == 201, made.text
    return made.json["id"]


def place(client, *variants, **members):
    """Place an order of a guest, and return its body."""
    placed = client.post("/v1/orders", json=new_order(*variants, **members), headers=key())
    assert placed.status_code == 201, placed.text
    return placed.json


class TestLimits:
    def test_hold_for_many_clients(self, boot, write_deployment, database_url, issuer, staff):
        """12 clients order at once, and server processes are killed: each limit is used exactly.

        50 of 62 orders use a voucher of 50; 2 of 14 one of 2 per customer; 30 orders that are sent
        12 times each use a voucher 30 times, and give it back when they are canceled.
        """
        path = write_deployment("products", "orders", "vouchers", more=issuer.table)
        client = boot(path).test_client()
        variant = stock_variant(client, staff, units=1_000)
        make_voucher(client, staff, "FIFTY", max_redemptions=50)
        make_voucher(client, staff, "TWICE", max_redemptions_per_customer=2)
        make_voucher(client, staff, "THIRTY", max_redemptions=40)

        def orders(count: int, code: str, email: str = "{}@example.com") -> list[NewOrder]:
            bodies = (
                new_order(variant, discount_codes=[code], email=email.format(number))
                for number in range(count)
            )
            return [(body, key()) for body in bodies]

        environ = {"MERCATO_SERVER__WORKERS": "3"}
        with ExitStack() as stack:
            running = stack.enter_context(running_shop(path, environ, setup=(), worker=False))
            http = stack.enter_context(httpx2.Client(base_url=running.address, timeout=60))
            many = Clients(running, http)
            fifty = many.place(orders(62, "FIFTY"), killed_after=KILLED_AFTER)
            twice = many.place(orders(14, "TWICE", "bea@example.com"))
            thirty = many.place([order for order in orders(30, "THIRTY") for _ in range(CLIENTS)])
            placed = {answer["id"]: answer for status, answer in thirty if status == 201}
            canceled = many.cancel([order for order in placed.values() for _ in range(2)])

        assert codes_of(fifty) == {"201": 50, "refused": 12}
        assert codes_of(twice) == {"201": 2, "refused": 12}
        assert (codes_of(thirty), len(placed)) == ({"201": 360}, 30)
        assert codes_of(canceled) == {"200": 60}
        engine = sa.create_engine(database_url, poolclass=sa.pool.NullPool)
        assert uses_of(engine) == {"FIFTY": (50, 50), "TWICE": (0, 2), "THIRTY": (0, 0)}
        assert find_violations(engine) == []


class Clients:
    """12 clients of a shop, which send requests at once."""

    def __init__(self, shop: Shop, http: httpx2.Client) -> None:
        self.shop = shop
        self.http = http

    def place(self, orders: Sequence[NewOrder], killed_after: Sequence[int] = ()) -> list[Answer]:
        """Place orders; kill a server process after some answers."""
        return self._send([("/v1/orders", *order) for order in orders], killed_after)

    def cancel(self, orders: Sequence[dict[str, Any]]) -> list[Answer]:
        """Cancel orders of guests, with one key an order."""
        return self._send(
            [(f"/v1/orders/{one['id']}/cancel", {}, secrets_of(one)) for one in orders]
        )

    def _send(
        self, requests: Sequence[tuple[str, dict[str, Any], dict[str, str]]], killed_after: Any = ()
    ) -> list[Answer]:
        answers = []
        with ThreadPoolExecutor(CLIENTS) as threads:
            for answer in threads.map(lambda request: self._post(*request), requests):
                answers.append(answer)
                if len(answers) in killed_after:
                    os.kill(server_processes(self.shop)[0], signal.SIGKILL)
        return answers

    def _post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Answer:
        """Send a request again while its connection breaks, or another one with its key runs."""
        while True:
            try:
                answer = self.http.post(path, json=body, headers=headers)
            except httpx2.TransportError:
                continue
            if answer.json().get("code") not in ("idempotency_in_progress", "unavailable"):
                return answer.status_code, answer.json()


def secrets_of(order: dict[str, Any]) -> dict[str, str]:
    """Return the headers of a request about a guest's order, with a key of its own."""
    return {
        "Idempotency-Key": f"cancel-{order['id']}",
        "Order-Access-Token": order["access_token"],
    }


def server_processes(shop: Shop) -> list[int]:
    """Return the ids of the processes that answer the requests of a shop."""
    main = pgrep("-o", "-f", f"bind=127.0.0.1:{shop.port}")
    return pgrep("-P", str(main[0]))


def pgrep(*arguments: str) -> list[int]:
    """Return the ids of the processes that match."""
    found = subprocess.run(["pgrep", *arguments], capture_output=True, text=True, check=True)
    return [int(line) for line in found.stdout.split()]


def codes_of(answers: Sequence[Answer]) -> Counter[str]:
    """Count good answers by status, those that a limit refused, and the codes of others."""
    limits = {"discount_not_applicable", "discount_gone"}
    return Counter(
        str(status) if status < 300 else "refused" if body["code"] in limits else body["code"]
        for status, body in answers
    )


def uses_of(engine: sa.Engine) -> dict[str, tuple[int, int]]:
    """Return the counter of each voucher, and its redemptions that were not canceled."""
    uses = sa.func.count(Redemption.id).filter(Redemption.canceled_at.is_(None))
    statement = (
        sa.select(Voucher.code, Voucher.redeemed, uses)
        .outerjoin(Redemption, Redemption.voucher_id == Voucher.id)
        .group_by(Voucher.code, Voucher.redeemed)
    )
    with engine.connect() as connection:
        return {code: (counter, count) for code, counter, count in connection.execute(statement)}


class TestGiveBack:
    def test_a_canceled_or_expired_order_gives_back(self, shop, staff):
        """The last use can be used again after the order was canceled, or has expired."""
        variant = stock_variant(shop, staff, units=10)
        make_voucher(shop, staff, "ONCE", max_redemptions=1, max_redemptions_per_customer=1)
        body = new_order(variant, discount_codes=["ONCE"])

        first = place(shop, variant, discount_codes=["ONCE"])
        refused = shop.post("/v1/orders", json=body, headers=key())
        token = {"Order-Access-Token": first["access_token"]}
        shop.post(f"/v1/orders/{first['id']}/cancel", json={}, headers={**key(), **token})
        second = place(shop, variant, discount_codes=["ONCE"])
        with shop.application.app_context():
            past = utc_now() - timedelta(days=1)
            due = sa.update(Order).where(Order.id == UUID(second["id"])).values(expires_at=past)
            work.run(lambda: session.execute(due))
            assert expire_unpaid_orders() == 1
        third = place(shop, variant, discount_codes=["ONCE"])

        assert (refused.status_code, refused.json["code"]) == (422, "discount_not_applicable")
        assert (refused.json["reason"], third["amount_discount"]) == ("used_up", 100)
        with shop.application.app_context():
            assert uses_of(engine()) == {"ONCE": (1, 1)}


class TestOrders:
    def test_an_order_has_its_discount(self, shop, staff):
        """The quote and the order have one price, and the order says what each code took off."""
        variant = stock_variant(shop, staff, units=10)
        make_voucher(shop, staff, "TEN")
        make_voucher(shop, staff, None, name="Sale", ppm=200_000)
        wanted = {"lines": new_order(variant)["lines"], "currency": "EUR"}

        quoted = shop.post("/v1/orders/quote", json={**wanted, "discount_codes": ["ten"]})
        order = place(shop, variant, discount_codes=["ten"], expected_amount_total=720)

        assert quoted.json["amount_total"] == order["amount_total"] == 720
        parts = [
            (one["provider"], one["code"], one["label"], one["amount"])
            for one in order["adjustments"]
        ]
        assert parts == [("vouchers", "TEN", "Ten", -100), ("vouchers", None, "Sale", -180)]

    def test_removing_the_feature_keeps_orders(self, boot, write_deployment, issuer, staff):
        """Without vouchers, orders placed before keep their discount, and codes are unknown."""
        files = [
            write_deployment(*names, more=issuer.table)
            for names in (("products", "orders", "vouchers"), ("products", "orders"))
        ]
        client = boot(files[0]).test_client()
        variant = stock_variant(client, staff, units=10)
        make_voucher(client, staff, "TEN")
        before = place(client, variant, discount_codes=["TEN"])
        client = boot(files[1]).test_client()
        token = {"Order-Access-Token": before["access_token"]}

        after = client.get(f"/v1/orders/{before['id']}", headers=token).json
        refused = client.post(
            "/v1/orders", json=new_order(variant, discount_codes=["TEN"]), headers=key()
        )

        assert after["amount_discount"] == 100
        assert after["adjustments"] == before["adjustments"]
        assert (refused.status_code, refused.json["code"]) == (422, "unknown_discount_code")

    def test_needs_three_statements_more(self, boot, write_deployment, issuer, staff):
        """An order with vouchers has 3 statements more than one without, for 1 code and for 5."""
        counts = []
        for names in (("products", "orders"), ("products", "orders", "vouchers")):
            client = boot(write_deployment(*names, more=issuer.table)).test_client()
            variants = [stock_variant(client, staff, units=100) for _ in range(5)]
            codes = [f"CODE{number}" for number in range(5)] if "vouchers" in names else []
            for code in codes:
                limits = {"max_redemptions": 9, "max_redemptions_per_customer": 9}
                make_voucher(client, staff, code, ppm=1_000, **limits)
            with client.application.app_context():
                bind = engine()
            for lines, used in ((1, codes[:1]), (5, codes)):
                with StatementCounter(bind) as sent:
                    place(client, *variants[:lines], discount_codes=used)
                counts.append(len(sent))

        # Adjustments are written with other rows on PostgreSQL, and by themselves on SQLite.
        more = 3 if bind.dialect.name == "postgresql" else 4
        without = counts[0]
        assert counts == [without, without, without + more, without + more], sent

    def test_everything_needs_six_statements_more(self, boot, write_deployment, issuer, staff):
        """With taxes, shipping and vouchers, an order has at most 6 statements more."""
        plain = boot(write_deployment("products", "orders", more=issuer.table)).test_client()
        features = ("products", "orders", "shipping", "vouchers")
        full = boot(write_deployment(*features, more=issuer.table + TAXES)).test_client()
        with full.application.app_context():
            bind = engine()
            for make in (make_rates, make_zones):
                work.run(partial(make, {}))
        variants = [stock_variant(full, staff, units=100) for _ in range(5)]
        codes = [f"CODE{number}" for number in range(5)]
        for code in codes:
            make_voucher(full, staff, code, ppm=1_000, max_redemptions=9)

        counts = []
        with plain.application.app_context():
            plain_bind = engine()
        with StatementCounter(plain_bind) as sent:
            place(plain, variants[0])
        without = len(sent)
        for lines, used in ((1, codes[:1]), (5, codes)):
            wishes = {"discount_codes": used, "shipping_method": "shipping.standard"}
            with StatementCounter(bind) as sent:
                place(full, *variants[:lines], **wishes)
            counts.append(len(sent) - without)

        assert counts[0] == counts[1] <= 6, sent
