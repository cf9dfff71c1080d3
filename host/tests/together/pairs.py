"""Two commands on one order, started at once: the result is that of one after the other."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement, compress, cycle, islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from mercato_kit import work
from mercato_kit.db import engine, session, utc_now
from mercato_orders.models import Capture, Line, Order, Payment, Refund
from mercato_orders.services import expire_unpaid_orders
from mercato_products.models import Reservation
from mercato_runtime.worker import run_once

from .bank import PAYS, PAYS_LATER, Bank
from .invariants import find_violations, find_violations_of_ledger
from .shopping import key, new_order

Headers = Mapping[str, str]

STATES: Mapping[str, tuple[str, ...]] = {
    "pay": ("unpaid",),
    "webhook": ("in flight", "authorized", "paid"),
    "cancel": ("unpaid", "in flight", "authorized", "paid"),
    "expire": ("overdue",),
    "refund": ("paid",),
    "ship": ("authorized", "paid"),
    "capture": ("authorized",),
    "void": ("in flight", "authorized"),
}
"""The commands, and the states of an order in which each has an effect."""

_MOST_RUNS = 100


@dataclass(frozen=True)
class Result:
    """What became of an order, as its customer would say it.

    Args:
        status: Of the order.
        kept: What the customer was charged and did not get back, in minor units.
        sent: Units that were sent.
        canceled: Units that were canceled.
        stock: The state of its reservation.
    """

    status: str
    kept: int
    sent: int
    canceled: int
    stock: str


@dataclass(frozen=True)
class Started:
    """An order that two commands are tried on: its id, and those of its line and payment."""

    order_id: str
    line_id: str
    payment_id: str | None


def pairs() -> list[tuple[str, str, Sequence[str]]]:
    """Return each two commands, with the states in which both have an effect."""
    every = combinations_with_replacement(STATES, 2)
    return [(first, second, _states_of(first, second)) for first, second in every]


def _states_of(first: str, second: str) -> Sequence[str]:
    one, two = _reachable(first), _reachable(second)
    # Where no state is common, the second one is refused, unless the first one goes first.
    return [state for state in one if state in two] or STATES[first][:1]


def _reachable(command: str) -> tuple[str, ...]:
    """Return the states of a command; what can be done with an unpaid order can be when overdue."""
    own = STATES[command]
    return (*own, "overdue") if "unpaid" in own else own


@dataclass(frozen=True)
class Tried:
    """Two commands that were started at once, and the statuses of their answers."""

    first: str
    second: str
    state: str
    started: Started
    statuses: tuple[int, ...]

    @property
    def orders(self) -> tuple[tuple[str, ...], ...]:
        """In which orders they may have been carried out; one of them perhaps not."""
        first, second = self.first, self.second
        return (first, second), (second, first), (first,), (second,)

    @property
    def possible(self) -> list[tuple[str, ...]]:
        """The orders that their answers allow: one that was refused may have had no effect."""
        *both, first, second = self.orders
        refused = [status == 409 for status in self.statuses]
        return [*both, *compress((second, first), refused)]


@dataclass(frozen=True)
class Pairs:
    """Tries pairs of commands.

    Args:
        apps: One that charges at once, ``payment``, and one that charges later, ``fulfillment``.
        bank: Their payment provider.
        staff: The headers of an employee.
        variant_id: What is ordered; there is enough of it.
    """

    apps: Mapping[str, Flask]
    bank: Bank
    staff: Headers
    variant_id: str

    def faults(self, rounds: int) -> Iterator[str]:
        """Run each two commands at once, several times; yield what no order of them results in."""
        tried = [
            self._at_once(first, second, state)
            for first, second, states in pairs()
            for state in islice(cycle(states), rounds)
        ]
        serial = {
            (state, order): self._in_order(order, state)
            for state, orders in {(one.state, one.orders) for one in tried}
            for order in orders
        }
        self.come_to_rest()
        results = {key: self.result_of(started) for key, started in serial.items()}
        for one in tried:
            result = self.result_of(one.started)
            allowed = {results[one.state, order] for order in one.possible}
            if result not in allowed or max(one.statuses) >= 500:
                yield f"{one}: {result}, not in {allowed}"

    def violations(self) -> list[str]:
        """Return what is wrong with the books of shop and bank."""
        charges = "SELECT payment_id, captured, refunded FROM charge"
        with self.apps["payment"].app_context():
            found = find_violations(engine())
            return found + find_violations_of_ledger(
                engine(), self.bank.rows(charges), self.bank.rows("SELECT * FROM movement")
            )

    def run(self, command: str, started: Started, state: str) -> int:
        """Run a command, and return the status of its answer."""
        app = self._app_of(state)
        if command == "expire":
            with app.app_context():
                expire_unpaid_orders()
            return 200
        if command == "webhook":
            return self._post_event(app, started)
        if command in ("capture", "void") and started.payment_id is None:
            # There is no payment yet.
            return 404
        of_order = f"/v1/orders/{started.order_id}"
        of_payment = f"/v1/payments/{started.payment_id}"
        units = {"line_id": started.line_id, "quantity": 2}
        path, body = {
            "pay": (f"{of_order}/payments", {"provider": "sandbox", "payment_method": PAYS}),
            "cancel": (f"{of_order}/cancel", {}),
            "refund": (f"{of_order}/refunds", {}),
            "ship": (f"{of_order}/fulfillments", {"lines": [units]}),
            "capture": (f"{of_payment}/capture", {}),
            "void": (f"{of_payment}/void", None),
        }[command]
        status: int = self._post(app, path, body).status_code
        if status in (400, 401, 403, 404, 422):
            raise RuntimeError(f"{command} is not the command that it was: {status}")
        return status

    def come_to_rest(self) -> None:
        """Do what the worker does later, until nothing is left to do."""
        app = self.apps["payment"]
        for _ in range(_MOST_RUNS):
            with app.app_context():
                if work.run(make_due) == 0:
                    return
            run_once(app)
        raise RuntimeError("payments are still in flight")

    def result_of(self, started: Started) -> Result:
        """Return what became of an order."""
        with self.apps["payment"].app_context():
            order_id = UUID(started.order_id)
            status, sent, canceled = session.execute(
                sa.select(Order.status, Line.quantity_fulfilled, Line.quantity_canceled)
                .join(Line, Line.order_id == Order.id)
                .where(Order.id == order_id)
            ).one()
            stock = session.get_one(Reservation, order_id).status
            return Result(status, self.bank.kept(started.order_id), sent, canceled, stock)

    def _app_of(self, state: str) -> Flask:
        return self.apps["fulfillment" if state == "authorized" else "payment"]

    def _in_order(self, commands: Iterable[str], state: str) -> Started:
        """Start an order, and run commands on it one after the other."""
        started = self._start(state)
        for command in commands:
            self.run(command, started, state)
        return started

    def _start(self, state: str) -> Started:
        """Place an order, and bring it to a state."""
        app = self._app_of(state)
        body = new_order()
        body["lines"] = [{"variant_id": self.variant_id, "quantity": 2}]
        order = self._post(app, "/v1/orders", body, expected=201)
        started = Started(order.json["id"], order.json["lines"][0]["id"], None)
        if state == "overdue":
            with app.app_context():
                past = {"expires_at": utc_now()}
                work.run(lambda: _update(Order, Order.id == UUID(started.order_id), past))
        if state in ("unpaid", "overdue"):
            return started
        card = PAYS_LATER if state == "in flight" else PAYS
        new = {"provider": "sandbox", "payment_method": card}
        paid = self._post(app, f"/v1/orders/{started.order_id}/payments", new, expected=201)
        if state == "in flight":
            self.bank.let_banks_answer()
        return replace(started, payment_id=paid.json["id"])

    def _at_once(self, first: str, second: str, state: str) -> Tried:
        """Start an order, and run two commands on it at once."""
        started, barrier = self._start(state), threading.Barrier(2)

        def run(command: str) -> int:
            barrier.wait()
            return self.run(command, started, state)

        with ThreadPoolExecutor(2) as threads:
            statuses = tuple(threads.map(run, (first, second)))
        return Tried(first, second, state, started, statuses)

    def _post_event(self, app: Flask, started: Started) -> int:
        event = self.bank.last_event(str(started.payment_id))
        if event is None:
            return 200
        body, headers = event
        path = "/v1/webhooks/payments/sandbox"
        return app.test_client().post(path, data=body, headers=headers).status_code

    def _post(self, app: Flask, path: str, body: Any, *, expected: int | None = None) -> Any:
        headers = {**self.staff, **key()}
        answer = app.test_client().post(path, json=body, headers=headers)
        if expected is not None and answer.status_code != expected:
            raise RuntimeError(f"{path}: {answer.status} {answer.text}")
        return answer


def make_due() -> int:
    """Make everything due that the reconciler checks; return how much it is."""
    now = {"next_check_at": utc_now()}
    in_flight = sa.or_(
        Payment.status.in_(["processing", "requires_action", "refund_due"]),
        Payment.void_requested_at.is_not(None),
    )
    open_rows = (
        (Payment, in_flight),
        *((one, one.status == "pending") for one in (Capture, Refund)),
    )
    return sum(_update(model, condition, now) for model, condition in open_rows)


def _update(model: Any, condition: Any, values: Mapping[str, Any]) -> int:
    statement = sa.update(model).where(condition).values(values).returning(model.id)
    return len(session.scalars(statement.execution_options(synchronize_session=False)).all())
