"""State machine test: any sequence of operations, lost answers and crashes leaves good books."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings as hypothesis_settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from mercato_contracts.payments import Refused, Unknown
from mercato_kit import leases
from mercato_kit.db import new_id, session
from mercato_kit.models import IdempotencyKey
from mercato_orders import services
from mercato_orders.models import ACTIVE, Order, OrderEvent, Payment

from . import books, factories
from .bank import AFTER, BANK, After
from .factories import order_of
from .left_over import make_due

IN_STOCK = 12


class Killed(BaseException):
    """The process ends here."""


def die():
    """End the process."""
    raise Killed


LOSSES = {
    "nothing": None,
    "no answer": Unknown(),
    "answer lost": AFTER,
    "refused": Refused("declined"),
    "died before": die,
    "died after": After(die),
}
"""What may happen to a call of a provider."""

CARDS = {**LOSSES, "declined": "failed", "3-D Secure": "requires_action", "slow": "processing"}
"""What may happen to a charge."""


class Shop(RuleBasedStateMachine):
    """One variant, several orders of it, and all operations on them."""

    orders = Bundle("orders")
    requests = Bundle("requests")
    events = Bundle("events")

    def __init__(self, staff, app, commit, sweep):
        super().__init__()
        BANK.reset()
        self.staff, self.app, self.commit, self.sweep = staff, app, commit, sweep

    @initialize()
    def open_shop(self):
        """Put a variant on sale."""
        self.item = self.commit(factories.make_item, in_stock=IN_STOCK)

    @rule(target=orders, quantity=st.integers(1, 6))
    def place(self, quantity):
        """An order is placed exactly if there are enough units."""
        enough = self.commit(books.free_units, self.item) >= quantity
        answer = self.staff.post("/v1/orders", json=order_of((self.item, quantity)))
        assert (answer.status_code == 201) == enough
        return answer.json if enough else multiple()

    @rule(
        target=requests,
        order=orders,
        method=st.sampled_from(["open", "confirm"]),
        card=st.sampled_from(sorted(CARDS)),
    )
    def pay(self, order, method, card):
        """A customer pays, and the answer of the bank may be lost."""
        if method == "open" and isinstance(CARDS[card], str):
            method = "confirm"
        path = f"/v1/orders/{order['id']}/payments"
        return self._post(path, {"provider": "bank"}, method, CARDS[card])

    @rule(target=requests, order=orders, lost=st.sampled_from(sorted(LOSSES)))
    def refund(self, order, lost):
        """Staff give some of the money back."""
        path = f"/v1/orders/{order['id']}/refunds"
        return self._post(path, {"amount": 500}, "refund", LOSSES[lost])

    @rule(target=requests, order=orders, lost=st.sampled_from(sorted(LOSSES)))
    def send(self, order, lost):
        """Staff send a unit."""
        body = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 1}]}
        return self._post(f"/v1/orders/{order['id']}/fulfillments", body, "capture", LOSSES[lost])

    @rule(target=requests, order=orders, lost=st.sampled_from(sorted(LOSSES)), part=st.booleans())
    def cancel(self, order, lost, part):
        """Staff cancel an order, or a unit of it."""
        lines = [{"line_id": order["lines"][0]["id"], "quantity": 1}]
        body = {"lines": lines} if part else {}
        return self._post(f"/v1/orders/{order['id']}/cancel", body, "refund", LOSSES[lost])

    @rule(target=requests, order=orders, lost=st.sampled_from(sorted(LOSSES)))
    def void(self, order, lost):
        """Staff close a payment."""
        payment_id = self.commit(books.active_payment, order["id"])
        if payment_id is None:
            return multiple()
        return self._post(f"/v1/payments/{payment_id}/void", None, "void", LOSSES[lost])

    @rule(request=requests)
    def repeat(self, request):
        """A client sends a request again after its time."""
        path, body, key = request
        self.commit(self._end_leases)
        self.staff.post(path, json=body, headers={"Idempotency-Key": key})

    @rule(state=st.sampled_from(["captured", "failed", "canceled"]))
    def customer_decides(self, state):
        """A customer finishes, or leaves, 3-D Secure; or a bank decides at last."""
        for account in BANK.accounts.values():
            later = account.charge.capture == "later"
            if account.state in ("requires_action", "processing") and account.confirmed:
                account.state = "authorized" if later and state == "captured" else state
                account.captured = account.charge.amount if account.state == "captured" else 0

    @rule(target=events)
    def remember(self):
        """The bank writes events of all payments, which arrive later."""
        return [BANK.notice(payment_id) for payment_id in BANK.accounts]

    @rule(events=events)
    def deliver(self, events):
        """Events arrive, late or again."""
        for event in events:
            answer = self.staff.post("/v1/webhooks/payments/bank", **BANK.webhook(event))
            assert answer.status_code == 200

    @rule()
    def reconcile(self):
        """The worker asks the bank about everything that is open."""
        self._work()

    @rule(order=orders)
    def be_late(self, order):
        """An order's time runs out, and the expiry job runs."""
        self.commit(factories.let_time_pass, order["id"])
        self.sweep()

    @invariant()
    def books_never_lie(self):
        """At any time each order has one active payment at most, and each event once."""
        for order, statuses, events in self.commit(_read_orders):
            assert sum(status in ACTIVE for status in statuses) <= 1
            assert events.count("order.paid") <= 1
            assert order.amount_paid + order.amount_canceled <= order.amount_total
            assert order.amount_refunded <= order.amount_paid

    def teardown(self):
        """At rest, the books of orders, the bank and the warehouse agree."""
        BANK.outcomes.clear()
        self.customer_decides("failed")
        for _ in range(6):
            self._work()
        assert self.commit(books.disagreements, BANK, self.item) == []
        reserved = self.commit(factories.count_reserved, self.item)
        assert reserved == self.commit(books.kept_units, self.item)

    def _work(self):
        self.commit(make_due)
        with self.app.app_context():
            services.settle_events()
            services.reconcile_payments()

    def _post(self, path, body, method, outcome):
        """Send a request whose call of the bank ends with *outcome*; return how to repeat it."""
        key = f"request-{new_id()}"
        BANK.outcomes.clear()
        if outcome is not None:
            BANK.next(method, outcome)
        try:
            answer = self.staff.post(path, json=body, headers={"Idempotency-Key": key})
            assert answer.status_code < 500, answer.json
        except Killed:
            pass
        BANK.outcomes.clear()
        return path, body, key

    @staticmethod
    def _end_leases():
        session.execute(sa.update(IdempotencyKey).values(leased_until=leases.now(-1)))


def _read_orders():
    """Return each order with the statuses of its payments, and its timeline."""
    found = []
    for order in session.scalars(sa.select(Order)):
        statuses = session.scalars(sa.select(Payment.status).where(Payment.order_id == order.id))
        events = session.scalars(sa.select(OrderEvent.type).where(OrderEvent.order_id == order.id))
        found.append((order, list(statuses), list(events)))
    return found


class LifeOfOrders:
    def test_books_agree(self, charlie, app, commit, sweep):
        """After any sequence of operations, orders, the bank and the warehouse agree."""
        run_state_machine_as_test(
            lambda: Shop(charlie, app, commit, sweep),
            settings=hypothesis_settings(
                max_examples=10,
                stateful_step_count=15,
                deadline=None,
                phases=[Phase.explicit, Phase.reuse, Phase.generate],
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )


class TestCapturedWhenPaid(LifeOfOrders):
    """Customers are charged when they pay."""


class TestCapturedWhenSent(LifeOfOrders):
    """Customers are charged when their units are sent."""

    @pytest.fixture
    def settings(self):
        """Payments are authorized first."""
        return {"capture_at": "fulfillment"}
