"""A shop and a payment provider that hear each other: orders are paid, and time passes."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

import httpx2
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from mercato_kit import work
from mercato_runtime.worker import run_once

from .invariants import find_violations, find_violations_of_ledger
from .issuer import Issuer
from .pairs import make_due
from .shopping import key, new_order, stock_variant

STAFF = ["products.write", "stock.write", "stock.read", "orders.read", "orders.refund"]
TURNS = 12
UNITS = 100

End = tuple[int, str | None, str]
"""How a payment ended: the status of the answer, what it said, and the order's payment status."""


@dataclass(frozen=True)
class Paid:
    """An order and the answer to its payment.

    Args:
        order_id: The order.
        status_code: The status of the answer.
        said: The state of the payment, or the code of the refusal.
    """

    order_id: str
    status_code: int
    said: str


@dataclass(frozen=True)
class Market:
    """A shop and its payment provider.

    Args:
        app: The shop, which is served.
        provider: The name of the provider.
        bank: A client of the provider, which may drive it.
        issuer: Signs the token of staff.
    """

    app: Flask
    provider: str
    bank: httpx2.Client
    issuer: Issuer

    @cached_property
    def client(self) -> FlaskClient:
        """A client of the shop."""
        return self.app.test_client()

    @cached_property
    def staff(self) -> dict[str, str]:
        """The header of staff."""
        token = self.issuer.token(str(uuid4()), permissions=STAFF)
        return {"Authorization": f"Bearer {token}"}

    @cached_property
    def variant_id(self) -> str:
        """A variant with units."""
        return stock_variant(self.client, self.staff, units=UNITS)

    def pay(self, method: str | None) -> Any:
        """Order a unit and pay it; return the order's id and the answer."""
        order = self.client.post("/v1/orders", json=new_order(self.variant_id), headers=key()).json
        new = {"provider": self.provider, "return_url": "http://a.example"}
        answer = self.client.post(
            f"/v1/orders/{order['id']}/payments",
            json=new if method is None else {**new, "payment_method": method},
            headers={"Order-Access-Token": order["access_token"], **key()},
        )
        return order["id"], answer

    def pay_each(
        self, methods: Mapping[Any, str | None], act: Callable[[Any], object]
    ) -> dict[Any, Paid]:
        """Order a unit by each payment method, and let time pass; return the answers by name.

        Args:
            methods: The payment methods by name.
            act: Does what a customer is asked for.
        """
        paid = {}
        for name, method in methods.items():
            order_id, answer = self.pay(method)
            said = answer.json["code" if answer.status_code >= 400 else "status"]
            paid[name] = Paid(order_id, answer.status_code, said)
            if said == "requires_action":
                act(answer.json["next_action"])
        self.pass_time()
        return paid

    def ends(self, paid: Mapping[Any, Paid], expected: Mapping[Any, End]) -> dict[Any, End]:
        """Return how each payment ended, with None for what *expected* leaves open."""
        return {
            name: (
                one.status_code,
                one.said if expected[name][1] else None,
                self.show(one.order_id)["payment_status"],
            )
            for name, one in paid.items()
        }

    def show(self, order_id: str) -> Any:
        """Return an order as staff sees it."""
        return self.client.get(f"/v1/orders/{order_id}", headers=self.staff).json

    def refund_each(self, order_ids: Iterable[str]) -> list[int]:
        """Give all of each order back, and let time pass; return the statuses of the answers."""
        codes = [
            self.client.post(
                f"/v1/orders/{order_id}/refunds", json={}, headers={**self.staff, **key()}
            ).status_code
            for order_id in order_ids
        ]
        self.pass_time()
        return codes

    def pass_time(self) -> None:
        """Let banks decide, events arrive and jobs run, until nothing is left to do."""
        for _ in range(TURNS):
            self.bank.post("/admin/clock", json={"advance_seconds": 3}).raise_for_status()
            again = {"again": True, "shuffle": 1}
            self.bank.post("/admin/deliver", json=again).raise_for_status()
            with self.app.app_context():
                due = work.run(make_due)
            run_once(self.app)
            if not due:
                return
        raise AssertionError("payments are still in flight")

    def wrong(self, database_url: str) -> list[str]:
        """Return what is wrong in the books of shop and provider."""
        engine = sa.create_engine(database_url, poolclass=sa.pool.NullPool)
        ledger: Mapping[str, Any] = self.bank.get("/admin/ledger").json()
        charges = [
            {name: row[name] for name in ("payment_id", "captured", "refunded")}
            for row in ledger["charges"]
        ]
        movements = ledger["movements"]
        return [*find_violations(engine), *find_violations_of_ledger(engine, charges, movements)]


@contextmanager
def served(app: Flask, port: int) -> Iterator[None]:
    """Serve an app in a thread of this process."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()
