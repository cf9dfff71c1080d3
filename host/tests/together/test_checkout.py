"""Checkout with all features: its statements, and concurrent orders of the last units."""

import json
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx2
import sqlalchemy as sa

from mercato_kit import work
from mercato_kit.db import engine, session, utc_now
from mercato_orders.models import Order
from mercato_orders.services import expire_unpaid_orders
from mercato_testing.plans import Plans
from mercato_testing.statements import StatementCounter

from .invariants import count_orders_without_a_key, find_violations
from .shop import running_shop
from .shopping import PASSWORD, adjust, key, new_order, stock_variant

BUYERS = 12
UNITS = 50
STAFF = ["products.write", "stock.read", "stock.write", "orders.read"]
BY_CUSTOMERS = "[features.payments_manual.settings]\nby_customer = true\n"


class TestPlaceOrder:
    def test_needs_the_same_statements_for_1_5_and_20_lines(
        self, boot, write_deployment, create_user
    ):
        """An order has 6 statements on PostgreSQL, identity included, whatever its length.

        SQLite has 13: it has no INSERT inside of a statement, so each table is one.
        """
        path = write_deployment("users", "products", "orders")
        app = boot(path)
        client = app.test_client()
        create_user(path, "staff@example.com", role="admin")
        body = {"email": "staff@example.com", "password": PASSWORD}
        token = client.post("/v1/auth/login", json=body).json["access_token"]
        staff = {"Authorization": f"Bearer {token}"}
        variant_ids = [stock_variant(client, staff, units=10) for _ in range(20)]
        with app.app_context():
            bind = engine()

        counts = {}
        for lines in (1, 5, 20):
            order = new_order(*variant_ids[:lines])
            del order["email"]
            with StatementCounter(bind) as sent:
                placed = client.post("/v1/orders", json=order, headers={**staff, **key()})
            assert placed.status_code == 201, placed.text
            counts[lines] = len(sent)

        allowed = 6 if bind.dialect.name == "postgresql" else 13
        assert counts == dict.fromkeys((1, 5, 20), allowed), sent

    def test_one_line_that_is_short_refuses_the_whole_order(
        self, boot, write_deployment, issuer, database_url
    ):
        """A refused order reserves nothing and leaves no row."""
        client = boot(write_deployment("products", "orders", more=issuer.table)).test_client()
        staff = {"Authorization": f"Bearer {issuer.token(str(uuid4()), permissions=STAFF)}"}
        plenty, scarce = (stock_variant(client, staff, units=units) for units in (10, 1))
        order = new_order(plenty, scarce)
        order["lines"][1]["quantity"] = 2

        refused = client.post("/v1/orders", json=order, headers=key())

        assert (refused.status_code, refused.json["code"]) == (409, "insufficient_stock")
        levels = client.get(f"/v1/stock-levels?variant_ids={plenty},{scarce}", headers=staff)
        assert [level["reserved"] for level in levels.json["data"]] == [0, 0]
        assert client.get("/v1/orders", headers=staff).json["data"] == []
        assert find_violations(sa.create_engine(database_url, poolclass=sa.pool.NullPool)) == []


class TestOtherRoutes:
    def test_need_few_statements(self, boot, write_deployment, issuer):
        """Quotes, payments, cancellations, fulfilments and adjustments have these statements."""
        app = boot(write_deployment("products", "orders", "payments_manual", more=issuer.table))
        client, permissions = app.test_client(), [*STAFF, "orders.write", "orders.fulfill"]
        staff = {"Authorization": f"Bearer {issuer.token(str(uuid4()), permissions=permissions)}"}
        variant_ids = [stock_variant(client, staff, units=9) for _ in range(3)]
        order = new_order(*variant_ids)
        placed, canceled = (
            client.post("/v1/orders", json=order, headers={**staff, **key()}).json for _ in range(2)
        )
        paid = placed["id"]
        with app.app_context():
            bind = engine()
        adjustments = [
            {"variant_id": variant_id, "quantity": 1, "reason": "received"}
            for variant_id in variant_ids
        ]
        quoted = {name: order[name] for name in ("lines", "currency")}

        counts = {}
        for name, path, body in (
            ("quote", "/v1/orders/quote", quoted),
            ("pay", f"/v1/orders/{paid}/payments", {"provider": "manual"}),
            ("cancel", f"/v1/orders/{canceled['id']}/cancel", {}),
            ("fulfill", f"/v1/orders/{paid}/fulfillments", {"lines": _units(placed)}),
            ("adjust", "/v1/stock-adjustments", {"adjustments": adjustments}),
        ):
            with StatementCounter(bind) as sent:
                answer = client.post(path, json=body, headers={**staff, **key()})
            assert answer.status_code < 300, answer.text
            counts[name] = len(sent)

        on_postgresql = {"quote": 1, "pay": 12, "cancel": 12, "fulfill": 12, "adjust": 8}
        on_sqlite = {"quote": 1, "pay": 15, "cancel": 15, "fulfill": 17, "adjust": 8}
        assert counts == (on_postgresql if bind.dialect.name == "postgresql" else on_sqlite)


class TestPlans:
    def test_no_statement_reads_a_whole_table(self, boot, write_deployment, issuer):
        """Placing, paying, sending and expiring orders and adjusting stock use indexes only."""
        path = write_deployment("products", "orders", "payments_manual", more=issuer.table)
        client = boot(path).test_client()
        permissions = [*STAFF, "orders.write", "orders.fulfill"]
        staff = {"Authorization": f"Bearer {issuer.token(str(uuid4()), permissions=permissions)}"}
        variant_ids = [stock_variant(client, staff, units=9) for _ in range(3)]
        with client.application.app_context():
            plans = Plans(engine())

        with plans:
            adjust(client, staff, variant_ids[0], units=9)
            paid, canceled, expired = (
                client.post("/v1/orders", json=new_order(*variant_ids), headers={**staff, **key()})
                for _ in range(3)
            )
            path = "/v1/orders/{}/{}".format
            for answer, verb, body in (
                (paid, "payments", {"provider": "manual"}),
                (canceled, "cancel", {}),
                (paid, "fulfillments", {"lines": _units(paid.json)}),
            ):
                made = client.post(
                    path(answer.json["id"], verb), json=body, headers={**staff, **key()}
                )
            back = client.post(f"/v1/fulfillments/{made.json['id']}/cancel", headers=staff)
            assert back.status_code == 200, back.text
            with client.application.app_context():
                order_id = UUID(expired.json["id"])
                past = utc_now() - timedelta(days=1)
                due = sa.update(Order).where(Order.id == order_id).values(expires_at=past)
                work.run(lambda: session.execute(due))
                assert expire_unpaid_orders() == 1

        assert plans.scans() == []


class TestFreeOrder:
    def test_is_placed_paid_and_listed(self, boot, write_deployment, issuer, database_url):
        """An order of total 0 is paid when it is placed, without a payment."""
        client = boot(write_deployment("products", "orders", more=issuer.table)).test_client()
        permissions = [*STAFF, "orders.write"]
        staff = {"Authorization": f"Bearer {issuer.token(str(uuid4()), permissions=permissions)}"}
        body = new_order(stock_variant(client, staff, units=2, unit_amount=0))

        order = client.post("/v1/orders", json=body, headers=key())

        answers = {
            status: client.get(f"/v1/orders?payment_status={status}", headers=staff).json
            for status in ("paid", "unpaid")
        }
        listed = {
            status: [found["id"] for found in answer["data"]] for status, answer in answers.items()
        }
        assert (order.json["amount_total"], order.json["payments"]) == (0, [])
        assert listed == {"paid": [order.json["id"]], "unpaid": []}
        assert find_violations(sa.create_engine(database_url, poolclass=sa.pool.NullPool)) == []


class TestLastUnits:
    def test_threads_buy_exactly_what_is_there(self, boot, write_deployment, issuer, database_url):
        """Of 80 orders of 30 units by 4 threads, 30 are placed.

        Their lines are in opposite orders. The others are refused with what is left; a repeated
        request has the same answer.
        """
        app = boot(write_deployment("products", "orders", more=issuer.table))
        staff = {"Authorization": f"Bearer {issuer.token(str(uuid4()), permissions=STAFF)}"}
        variant_ids = [stock_variant(app.test_client(), staff, units=30) for _ in range(2)]
        sent = [(new_order(*variant_ids[:: (-1) ** number]), key()) for number in range(80)]

        def buy(body, headers):
            return app.test_client().post("/v1/orders", json=body, headers=headers)

        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(buy, *zip(*sent, strict=True)))

        placed = [number for number, one in enumerate(answers) if one.status_code == 201]
        refused = [one.json for one in answers if one.status_code == 409]
        repeated = buy(*sent[placed[0]])
        assert (len(placed), len(refused)) == (30, 50)
        assert {one["code"] for one in refused} == {"insufficient_stock"}
        assert refused[-1]["shortages"] == [
            {"variant_id": variant_id, "requested": 1, "available_hint": 0}
            for variant_id in sorted(variant_ids)
        ]
        assert repeated.data == answers[placed[0]].data
        assert find_violations(sa.create_engine(database_url, poolclass=sa.pool.NullPool)) == []

    def test_twelve_processes_buy_exactly_what_is_there(
        self, write_deployment, database_url, issuer
    ):
        """12 processes buy the last 50 units over HTTP: 50 are sold, and the invariants hold."""
        more = f"{BY_CUSTOMERS}\n{issuer.table}"
        path = write_deployment("products", "orders", more=more)
        staff = {"Authorization": f"Bearer {issuer.token(str(uuid4()), permissions=STAFF)}"}
        with running_shop(path, {"MERCATO_SERVER__WORKERS": "2"}, worker=False) as shop:
            with httpx2.Client(base_url=shop.address, timeout=60) as client:
                variant_id = _stock_over_http(client, staff)

            answers = _buy_at_once(shop.address, variant_id)

        engine = sa.create_engine(database_url, poolclass=sa.pool.NullPool)
        assert answers.pop("201") == UNITS
        assert answers.pop("409 insufficient_stock") == BUYERS
        assert set(answers) <= {"payment 201"}, answers
        assert find_violations(engine) == []
        assert count_orders_without_a_key(engine) == 0


def _units(order: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one unit of each line of an order."""
    return [{"line_id": line["id"], "quantity": 1} for line in order["lines"]]


def _stock_over_http(client: httpx2.Client, staff: dict[str, str]) -> str:
    body = {
        "name": "The last lamps",
        "status": "active",
        "variants": [{"sku": "LAMP", "prices": [{"currency": "EUR", "unit_amount": 1000}]}],
    }
    made = _post_when_ready(client, "/v1/products", body, staff)
    variant_id = str(made["variants"][0]["id"])
    adjustment = {"variant_id": variant_id, "quantity": UNITS, "reason": "received"}
    _post_when_ready(client, "/v1/stock-adjustments", {"adjustments": [adjustment]}, staff)
    return variant_id


def _post_when_ready(
    client: httpx2.Client, path: str, body: dict[str, Any], headers: dict[str, str]
) -> dict[str, Any]:
    """Send *body* again while the answer is 503: a new worker has no keys of the issuer yet."""
    headers = {**headers, **key()}
    give_up_at = time.monotonic() + 30
    while True:
        answer = client.post(path, json=body, headers=headers)
        if answer.status_code != 503 or time.monotonic() > give_up_at:
            return cast("dict[str, Any]", answer.raise_for_status().json())
        time.sleep(float(answer.headers["Retry-After"]))


def _buy_at_once(address: str, variant_id: str) -> Counter[str]:
    program = Path(__file__).with_name("buyer.py")
    buyers = [
        subprocess.Popen(
            [sys.executable, program, address, variant_id, str(number)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(BUYERS)
    ]
    answers: Counter[str] = Counter()
    for buyer in buyers:
        printed, _ = buyer.communicate(timeout=120)
        assert buyer.returncode == 0
        answers.update(json.loads(printed))
    return answers
