"""Orders in whatever sequence things happen to them."""

import sqlalchemy as sa
from hypothesis import HealthCheck
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import initialize
from hypothesis.stateful import invariant
from hypothesis.stateful import multiple
from hypothesis.stateful import rule
from hypothesis.stateful import run_state_machine_as_test

from mercato_kit.db import session
from mercato_kit.principals import Principal
from mercato_orders import services
from mercato_orders.access import Caller
from mercato_orders.errors import InsufficientStock
from mercato_orders.errors import InvalidTransition
from mercato_orders.errors import OrderNotPayable
from mercato_orders.errors import PaymentInProgress
from mercato_orders.models import Order
from mercato_orders.models import OrderEvent
from mercato_orders.models import Payment
from mercato_orders.payments.provider import Result
from mercato_orders.values import NewOrder
from mercato_orders.values import NewPayment
from mercato_orders.values import WantedLine

from . import factories
from .fakes import Promise

STAFF = Caller(Principal(kind="service", permissions=frozenset({"orders.read", "orders.write"})))
GUEST = Principal(email="guest@example.com")
IN_STOCK = 12
EXPECTED_PROMISES = {
    ("open", "unpaid"): "held",
    ("open", "paid"): "committed",
    ("canceled", "unpaid"): "released",
    ("expired", "unpaid"): "released",
}
REFUSALS = (InsufficientStock, InvalidTransition, OrderNotPayable, PaymentInProgress)


class Shop(RuleBasedStateMachine):
    """One variant, some orders of it, and everything that may happen to them."""

    orders = Bundle("orders")
    payments = Bundle("payments")

    def __init__(self, commit, sweep):
        super().__init__()
        self.commit = commit
        self.sweep = sweep
        self.quantities = {}

    @initialize()
    def open_shop(self):
        """Put a variant on the shelf."""
        self.item = self.commit(factories.make_item, in_stock=IN_STOCK)

    @rule(target=orders, quantity=st.integers(1, 6))
    def place(self, quantity):
        """Somebody orders, and gets it exactly if there is enough."""
        wanted = NewOrder([WantedLine(self.item, quantity)], "EUR", factories.ADDRESS)
        enough = IN_STOCK - self._promised() >= quantity
        order = self._try(services.place_order, wanted, GUEST)
        assert (order is not None) == enough
        if order is None:
            return multiple()
        self.quantities[order.id] = quantity
        return order.id

    @rule(order=orders)
    def pay(self, order):
        """Staff say that the money is there."""
        self._try(services.pay_order, order, NewPayment("manual"), STAFF)

    @rule(target=payments, order=orders)
    def start_payment(self, order):
        """A provider elsewhere is asked for the money."""
        payment = self._try(_start_elsewhere, order)
        return multiple() if payment is None else payment

    @rule(payment=payments, status=st.sampled_from(["captured", "declined"]))
    def settle(self, payment, status):
        """The provider says how it went: perhaps late, perhaps again."""
        self.commit(services.settle_payment, payment, Result(status))

    @rule(order=orders)
    def cancel(self, order):
        """Somebody cancels."""
        self._try(services.cancel_order, order, STAFF)

    @rule(order=orders)
    def be_late(self, order):
        """The time of an order is over, and the sweeper comes by."""
        self.commit(factories.let_time_pass, order)
        self.sweep()

    @invariant()
    def books_agree(self):
        """An order, its promise, its payments and its timeline tell the same story."""
        told = self.commit(_read_books, list(self.quantities))
        for order, promise, statuses, events in told:
            state = order.status, order.payment_status
            active = [status for status in statuses if status not in ("failed", "refund_due")]
            assert promise == EXPECTED_PROMISES[state]
            assert order.amount_paid == (order.amount_total if state[1] == "paid" else 0)
            assert statuses.count("captured") == (state[1] == "paid")
            assert len(active) <= 1
            assert sorted(events) == sorted(set(events))
            assert ("order.paid" in events) == (state[1] == "paid")
            assert (f"order.{state[0]}" in events) == (state[0] != "open")

    @invariant()
    def units_are_conserved(self):
        """What is promised on the shelf is what open orders hold."""
        assert self.commit(factories.count_reserved, self.item) == self._promised()

    def _promised(self):
        told = self.commit(_read_books, list(self.quantities))
        return sum(self.quantities[order.id] for order, *_ in told if order.status == "open")

    def _try(self, function, *arguments):
        try:
            return self.commit(function, *arguments)
        except REFUSALS:
            return None


def _start_elsewhere(order_id):
    order = services.lock_order(order_id, STAFF)
    return services.start_payment(order, "elsewhere").id


def _read_books(order_ids):
    """Return each order with its promise, the statuses of its payments, and its timeline."""
    books = []
    for order in session.scalars(sa.select(Order).where(Order.id.in_(order_ids))):
        promise = session.scalars(
            sa.select(Promise.status).where(Promise.reference == order.id)
        ).one()
        statuses = session.scalars(sa.select(Payment.status).where(Payment.order_id == order.id))
        events = session.scalars(sa.select(OrderEvent.type).where(OrderEvent.order_id == order.id))
        books.append((order, promise, list(statuses), list(events)))
    return books


class TestLifeOfOrders:
    def test_the_books_always_agree(self, commit, sweep):
        """Whatever happens to orders, in whatever sequence: stock, money and states agree."""
        run_state_machine_as_test(
            lambda: Shop(commit, sweep),
            settings=settings(
                max_examples=10,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
