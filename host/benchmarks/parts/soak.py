"""A busy shop whose workers are killed every few seconds; then its invariants are checked."""

import json
import os
import random
import secrets
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa

from parts import rows, shop as shops
from parts.processes import children_of, serving
from parts.report import Table

sys.path.append(str(shops.ROOT))

from host.tests.together.invariants import count_orders_without_a_key, find_violations

USERS, WORKERS, KILL_EVERY = 8, 2, 3
POPULAR = 20
"""Products that all users order."""

Body = Mapping[str, Any]


def measure(place: Path, database: str, seconds: float) -> list[Table]:
    """Run the users, and check what is left.

    Raises:
        RuntimeError: An invariant is violated, or an order that was confirmed is lost.
    """
    with shops.opened(place, 2_000, database) as shop:
        counted: Counter[str] = Counter()
        with serving("ours", shop, shop.save(place / "shop.json"), workers=WORKERS) as running:
            until = monotonic() + seconds
            with ThreadPoolExecutor(USERS) as pool:
                users = [pool.submit(User(running.port, n).shop_until, until) for n in range(USERS)]
                while monotonic() + KILL_EVERY < until:
                    sleep(KILL_EVERY)
                    # There may be none: workers that die young are replaced after a pause.
                    if workers := children_of(running.group):
                        os.kill(random.choice(workers), signal.SIGKILL)  # noqa: S311
                        counted["workers killed"] += 1
                for user in users:
                    counted.update(user.result())
        engine = sa.create_engine(shop.url)
        wrong = find_violations(engine)
        with engine.connect() as connection:
            orders = connection.execute(sa.text("SELECT count(*) FROM orders_order")).scalar_one()
        placed = orders - rows.ORDERS
        if placed != counted["order 201"] or count_orders_without_a_key(engine) != rows.ORDERS:
            wrong.append(f"{placed} orders, {counted['order 201']} confirmed")
        engine.dispose()
    if wrong:
        raise RuntimeError("\n".join(wrong))
    found = [(name, f"{count:,}") for name, count in sorted(counted.items())]
    return [Table(f"soak: {USERS} users for {seconds:g} s; every invariant holds", ("", ""), found)]


class User:
    """A guest who looks at products, orders, pays or cancels, and tries again after a failure."""

    def __init__(self, port: int, number: int) -> None:
        self._port = port
        self._random = random.Random(number)  # noqa: S311 - it chooses products
        self._email = f"user-{number}@example.com"
        self._counted: Counter[str] = Counter()

    def shop_until(self, until: float) -> Counter[str]:
        """Shop until a time; returns how often what was answered."""
        while monotonic() < until:
            self._send("list", "GET", "/v1/products?limit=50")
            product = rows.uid("product", self._random.randrange(POPULAR))
            self._send("detail", "GET", f"/v1/products/{product}")
            order = self._send("order", "POST", "/v1/orders", self._order())
            if order is not None:
                self._finish(order)
        return self._counted

    def _finish(self, order: Body) -> None:
        token = {"Order-Access-Token": order["access_token"]}
        path = f"/v1/orders/{order['id']}"
        choice = self._random.random()
        if choice < 0.4:
            self._send("payment", "POST", f"{path}/payments", {"provider": "manual"}, token)
        elif choice < 0.7:
            self._send("cancellation", "POST", f"{path}/cancel", {}, token)

    def _order(self) -> Body:
        chosen = self._random.sample(range(POPULAR), k=self._random.randint(1, 3))
        lines = [{"variant_id": str(rows.variant_id(it)), "quantity": 1} for it in chosen]
        return {
            "lines": lines,
            "currency": "EUR",
            "email": self._email,
            "shipping_address": rows.ADDRESS,
        }

    def _send(
        self, what: str, method: str, path: str, body: Body | None = None, more: Body | None = None
    ) -> Any:
        """Send a request until it is answered; the key makes repeating it safe."""
        headers = {"Content-Type": "application/json", **(more or {})}
        headers["Idempotency-Key"] = secrets.token_urlsafe(24)
        text = None if body is None else json.dumps(body)
        give_up = monotonic() + 30
        while True:
            try:
                status, answer = self._ask(method, path, text, headers)
            except (OSError, HTTPException):
                self._counted["no answer, sent again"] += 1
                status, answer = 0, b""
                if monotonic() > give_up:
                    raise
                sleep(0.05)
            if status not in (0, 503):
                self._counted[f"{what} {status}"] += 1
                return json.loads(answer) if status == 201 else None

    def _ask(self, method: str, path: str, text: str | None, headers: Body) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request(method, path, text, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
