"""Orders a second through ``POST /v1/orders``, beside the same SQL sent by the bare driver.

One process, Flask's test client, a customer with an account who orders the same variants again and
again, on SQLite and PostgreSQL, both durable. The SQL is recorded while the app places orders, and
replayed on a copy of the database as it was before.
"""

import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from flask import Flask, request
from parts.databases import Database, databases
from parts.measuring import run
from parts.replaying import Recorder, replay
from parts.tables import say, show

from mercato_host import create_app
from mercato_kit.db import engine

ORDERS, FIRST = 150, 20
"""Orders of a measurement, and how many before them are not counted."""
LINES = (1, 5, 20)
STOCK = 1_000_000

MERCATO = str(Path(sys.executable).with_name("mercato"))
EMAIL, PASSWORD = "buyer@example.com", "a quiet morning at the market"
ADDRESS = {
    "name": "Bea Buyer",
    "line1": "2 Market Street",
    "city": "Bologna",
    "postal_code": "40121",
    "country": "IT",
}

Step = Callable[[], object]


@dataclass(frozen=True)
class Pace:
    """What one step takes.

    Args:
        seconds: By the clock.
        cpu_ms: CPU milliseconds of this process.
    """

    seconds: float
    cpu_ms: float


class Shop:
    """A shop with stock, and a customer who is logged in."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        with app.app_context():
            self.engine = engine()
        answer = self.send("/v1/auth/login", {"email": EMAIL, "password": PASSWORD}, 200)
        self.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {answer['access_token']}"
        self.variant_ids = [self._stock_variant(number) for number in range(max(LINES))]

    def send(self, path: str, body: Mapping[str, Any], expected: int = 201) -> dict[str, Any]:
        """Send a request with a key of its own, and return the answer.

        Raises:
            RuntimeError: The answer has another status than *expected*.
        """
        headers = {"Idempotency-Key": secrets.token_urlsafe(24)}
        answer = self.client.post(path, json=body, headers=headers)
        if answer.status_code != expected:
            raise RuntimeError(f"POST {path}: {answer.status_code} {answer.text}")
        return dict(answer.get_json())

    def orders(self, lines: int) -> list[Step]:
        """Return steps that each place an order of some lines."""
        body = _order(self.variant_ids[:lines])
        return [lambda: self.send("/v1/orders", body)] * (FIRST + ORDERS)

    def _stock_variant(self, number: int) -> str:
        prices = [{"currency": "EUR", "unit_amount": 1000 + number}]
        variant = {"sku": f"LAMP-{number}", "prices": prices}
        lamp = {"name": f"Lamp {number}", "status": "active", "variants": [variant]}
        variant_id = str(self.send("/v1/products", lamp)["variants"][0]["id"])
        received = {"variant_id": variant_id, "quantity": STOCK, "reason": "received"}
        self.send("/v1/stock-adjustments", {"adjustments": [received]})
        return variant_id


def main() -> None:
    """Measure and print."""
    flask = measure_flask()
    with TemporaryDirectory() as place, databases(Path(place)) as found:
        rows = [row for database in found for row in measure_shop(Path(place), database, flask)]
    head = ("database", "lines", "statements", "orders/s", "driver/s", "ratio")
    more = ("CPU ms", "driver", "x driver", "x flask")
    show(f"POST /v1/orders: {ORDERS} orders one after another", (*head, *more), rows)
    say(
        "\n"
        "  statements  SQL of an order, with identity, idempotency key, BEGIN and settings\n"
        "  driver      the same SQL, sent by sqlite3 or psycopg through one connection\n"
        "  ratio       orders/s against driver/s\n"
        "  CPU ms      of this process, for an order; a database server's CPU is not in it\n"
        f"  x flask     against a bare Flask view that reads and writes JSON: {flask.cpu_ms:.2f} ms"
    )


def measure_flask() -> Pace:
    """Measure a bare Flask view through the same test client."""
    app = Flask("bare")

    @app.post("/v1/orders")
    def answer() -> tuple[Any, int]:
        return request.get_json(), 201

    client = app.test_client()
    body = _order(["0" * 36])
    return pace([lambda: client.post("/v1/orders", json=body)] * (FIRST + ORDERS))


def measure_shop(place: Path, database: Database, flask: Pace) -> list[tuple[str, ...]]:
    """Measure orders of several lengths on one database; returns a row for each."""
    shop = open_shop(place / f"{database.kind}.toml", database.url)
    rows: list[tuple[str, ...]] = []
    for lines in LINES:
        shop.engine.dispose()
        before = database.copy()
        with Recorder(shop.engine) as recorder:
            for order in shop.orders(lines):
                order()
        ours = pace(shop.orders(lines))
        driver: Pace = replay(before, recorder.units, pace)
        figures = (
            f"{len(recorder.units[-1].statements)}",
            f"{1 / ours.seconds:.0f}",
            f"{1 / driver.seconds:.0f}",
            f"{driver.seconds / ours.seconds:.2f}",
            f"{ours.cpu_ms:.1f}",
            f"{driver.cpu_ms:.1f}",
            f"{ours.cpu_ms / driver.cpu_ms:.1f}",
            f"{ours.cpu_ms / flask.cpu_ms:.1f}",
        )
        rows.append((database.kind, f"{lines}", *figures))
    shop.engine.dispose()
    return rows


def open_shop(deployment: Path, url: str) -> Shop:
    """Migrate an empty database, make an account that may do everything, and make the app."""
    deployment.write_text(
        f'environment = "testing"\n[database]\nurl = "{url}"\n'
        "[features.users]\n[features.products]\n[features.orders]\n"
    )
    mercato = [MERCATO, f"--deployment={deployment}"]
    run([*mercato, "db", "upgrade"])
    run([*mercato, "users", "create", EMAIL, "--role", "admin"], typed=f"{PASSWORD}\n")
    return Shop(create_app(deployment))


def pace(steps: Sequence[Step]) -> Pace:
    """Run all steps; return what one takes, the first ones not counted."""
    for step in steps[:FIRST]:
        step()
    clock, cpu = perf_counter(), process_time()
    for step in steps[FIRST:]:
        step()
    counted = len(steps) - FIRST
    return Pace((perf_counter() - clock) / counted, (process_time() - cpu) * 1000 / counted)


def _order(variant_ids: Sequence[str]) -> dict[str, Any]:
    lines = [{"variant_id": variant_id, "quantity": 1} for variant_id in variant_ids]
    return {"lines": lines, "currency": "EUR", "shipping_address": ADDRESS}


if __name__ == "__main__":
    main()
