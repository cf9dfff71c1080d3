"""A busy shop whose processes are killed, and whose payment provider fails; then its books."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import sqlalchemy as sa

from mercato_kit.db import utc_now
from mercato_orders.models import Capture, Fulfillment, Order, Payment, PaymentEvent, Refund

from .invariants import (
    count_orders_without_a_key,
    find_violations,
    find_violations_of_ledger,
)
from .issuer import Issuer
from .killing import Process, kill, running
from .providers import SANDBOX, Provider
from .shop import Shop, free_port, wait_until_ready
from .shopping import ADDRESS

CUSTOMERS, VARIANTS, UNITS, KILL_EVERY_SECONDS = 8, 20, 2_000, 3.0
KILLED = {"server": 2, "worker": 2, "provider": 1}
"""How often each process is killed, beside the others."""
FAULTS = {
    "seed": 1,
    "timeout_before": 0.1,
    "timeout_after": 0.1,
    "decline": 0.1,
    "duplicate": 0.2,
    "disorder": 0.3,
    "drop": 0.1,
    "error_500": 0.05,
}
AT_REST_WITHIN_SECONDS = 120

Row = Mapping[str, Any]

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Outcome:
    """What was answered and killed how often, and what is wrong afterwards."""

    counted: Counter[str]
    wrong: list[str]


def run_chaos(
    place: Path, url: str, issuer: Issuer, seconds: float, provider: Provider = SANDBOX
) -> Outcome:
    """Let customers order while processes are killed, and check what is left.

    Args:
        place: A folder for files.
        url: An empty database.
        issuer: Signs the token of staff.
        seconds: How long customers order.
        provider: What takes their payments.
    """
    shop, bank_port = Shop(place / "chaos.toml", dict(os.environ), free_port()), free_port()
    bank_url = f"http://127.0.0.1:{bank_port}"
    shop.deployment.write_text(
        f'environment = "testing"\n[database]\nurl = "{url}"\n[logging]\nlevel = "WARNING"\n'
        "[features.products]\n[features.orders.settings]\nguest_order_burst = 0\n"
        f"{provider.table}"
        f'url = "{bank_url}"\ntimeout_seconds = 3\n{issuer.table}'
    )
    shop.run("db", "upgrade")
    commands = {
        "provider": provider.command(shop, bank_port, place),
        "server": shop.command("serve", "--workers=2", f"--bind=127.0.0.1:{shop.port}"),
        "worker": shop.command("worker"),
    }
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    bank = httpx2.Client(base_url=bank_url, headers=provider.headers, timeout=30)
    chaos = Chaos(shop, bank, engine, issuer, provider)
    with bank, running(commands, shop.environ, place) as processes:
        wait_until_ready(shop.address, [processes["server"].running])
        wait_until_ready(bank_url, [processes["provider"].running])
        counted = chaos.let_customers_order(processes, seconds)
        wait_until_ready(bank_url, [processes["provider"].running])
        chaos.come_to_rest()
        return Outcome(counted + chaos.left(), chaos.wrong(counted))


def _customer(settings: Row) -> subprocess.Popen[str]:
    program = Path(__file__).with_name("customers.py")
    command = [sys.executable, str(program), json.dumps(settings)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@dataclass(frozen=True)
class Chaos:
    """What happens to a shop.

    Args:
        shop: The shop.
        bank: A client of its payment provider.
        engine: Of its database.
        issuer: Signs the token of staff.
        provider: The payment provider.
    """

    shop: Shop
    bank: httpx2.Client
    engine: sa.Engine
    issuer: Issuer
    provider: Provider

    def let_customers_order(self, processes: Mapping[str, Process], seconds: float) -> Counter[str]:
        """Run the customers, and kill a process every 3 seconds; return what happened how often."""
        staff = self.issuer.staff()
        variants = [self._stock(staff) for _ in range(VARIANTS)]
        self.bank.put("/admin/faults", json=FAULTS).raise_for_status()
        given = {
            "port": self.shop.port,
            "seconds": seconds,
            "staff": staff,
            "variants": variants,
            "address": ADDRESS,
            "provider": self.provider.name,
            "methods": self.provider.methods,
        }
        customers = [_customer({**given, "number": number}) for number in range(CUSTOMERS)]
        counted = self._kill_while(processes, seconds)
        for customer in customers:
            output, _ = customer.communicate(timeout=300)
            counted.update(json.loads(output))
        return counted

    def come_to_rest(self) -> None:
        """Let the provider work again, and do what is due until nothing is left to do."""
        self.bank.put("/admin/faults", json={}).raise_for_status()
        give_up_at, quiet = time.monotonic() + AT_REST_WITHIN_SECONDS, 0
        # Twice, because an event may be on its way the first time.
        while quiet < 2 and time.monotonic() < give_up_at:
            self.bank.post("/admin/clock", json={"advance_seconds": 3}).raise_for_status()
            self.bank.post("/admin/deliver", json={}).raise_for_status()
            time.sleep(1)
            quiet = 0 if self._make_due() else quiet + 1

    def left(self) -> Counter[str]:
        """Return how many payments, refunds and parcels there are, by their status."""
        found: Counter[str] = Counter()
        with self.engine.connect() as connection:
            for model in (Order, Payment, Refund, Capture, Fulfillment):
                counted = sa.select(model.status, sa.func.count()).group_by(model.status)
                name = model.__name__.lower()
                found |= {f"- {name} {status}": n for status, n in connection.execute(counted)}
        return found

    def wrong(self, counted: Mapping[str, int]) -> list[str]:
        """Return what is wrong."""
        ledger = self.bank.get("/admin/ledger").json()
        charges = [
            {name: row[name] for name in ("payment_id", "captured", "refunded")}
            for row in ledger["charges"]
        ]
        wrong = find_violations(self.engine)
        wrong += find_violations_of_ledger(self.engine, charges, ledger["movements"])
        wrong += [
            f"{name}: {times}"
            for name, times in counted.items()
            if name.endswith(("500", "without an answer"))
        ]
        if lost := count_orders_without_a_key(self.engine):
            wrong.append(f"{lost} orders without a key")
        with self.engine.connect() as connection:
            orders = connection.scalar(sa.select(sa.func.count()).select_from(Order))
        if orders != counted.get("order 201"):
            wrong.append(f"{orders} orders, {counted.get('order 201')} confirmed")
        return wrong

    def _kill_while(self, processes: Mapping[str, Process], seconds: float) -> Counter[str]:
        counted: Counter[str] = Counter()
        chosen, until = random.Random(7), time.monotonic() + seconds  # noqa: S311
        next_kill = time.monotonic() + KILL_EVERY_SECONDS
        while time.monotonic() < until:
            time.sleep(0.5)
            counted["expired"] += self._expire()
            if time.monotonic() > next_kill:
                next_kill += KILL_EVERY_SECONDS
                (name,) = chosen.choices(list(KILLED), KILLED.values())
                counted[f"{name} killed"] += 1
                kill(name, processes[name], chosen)
        return counted

    def _expire(self) -> int:
        """Let unpaid orders expire after one second; of those that are being paid, every fourth."""
        now = utc_now()
        old = sa.func.coalesce(Order.expires_at, now) > now, Order.status == "open"
        unpaid = Order.payment_status == "unpaid"
        second_ago = Order.placed_at < utc_now() - _SECOND
        is_paying = sa.exists().where(Payment.order_id == Order.id)
        chosen = sa.or_(~is_paying, Order.number % 4 == 0)
        values = {"expires_at": now, "updated_at": Order.updated_at}
        return self._update(Order, sa.and_(*old, unpaid, second_ago, chosen), values)

    def _make_due(self) -> int:
        """Make everything due that is not finished; return how much it is."""
        now = utc_now()
        in_flight = sa.or_(
            Payment.status.in_(["processing", "requires_action", "refund_due"]),
            Payment.void_requested_at.is_not(None),
        )
        checked = {"next_check_at": now}
        late = {"next_attempt_at": now}
        done = self._update(Payment, in_flight, checked)
        for model in (Capture, Refund):
            done += self._update(model, model.status == "pending", {"next_check_at": now})
        return done + self._update(PaymentEvent, PaymentEvent.processed_at.is_(None), late)

    def _update(self, model: Any, condition: Any, values: Row) -> int:
        key = sa.inspect(model).primary_key
        statement = sa.update(model.__table__).where(condition).values(values).returning(*key)
        with self.engine.begin() as connection:
            return len(connection.execute(statement).all())

    def _stock(self, headers: dict[str, str]) -> str:
        """Create a variant with units, and return its id."""
        sku = f"SKU-{uuid4().hex}"
        price = {"currency": "EUR", "unit_amount": 1001}
        product = {
            "name": f"Lamp {sku}",
            "status": "active",
            "variants": [{"sku": sku, "prices": [price]}],
        }
        with httpx2.Client(base_url=self.shop.address, headers=headers, timeout=30) as client:
            made = _post(client, "/v1/products", product)
            variant_id = str(made["variants"][0]["id"])
            received = {"variant_id": variant_id, "quantity": UNITS, "reason": "received"}
            _post(client, "/v1/stock-adjustments", {"adjustments": [received]})
        return variant_id


def _post(client: httpx2.Client, path: str, body: Row) -> Any:
    """Post a body; each process of the server is unavailable until it has the issuer's keys."""
    keyed = {"Idempotency-Key": uuid4().hex}
    for _ in range(100):
        answer = client.post(path, json=body, headers=keyed)
        if answer.status_code != 503:
            return answer.raise_for_status().json()
        time.sleep(0.2)
    raise RuntimeError(f"{path}: {answer.text}")
