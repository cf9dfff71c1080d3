"""State machine test: any sequence of operations leaves consistent orders."""

import sqlalchemy as sa
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from mercato_orders.payments.provider import Result
from sqlalchemy.orm import selectinload

from mercato_contracts.orders import WantedLine
from mercato_kit.db import session
from mercato_kit.principals import Principal
from mercato_orders import services
from mercato_orders.access import Caller
from mercato_orders.errors import (
    InsufficientStock,
    InvalidTransition,
    OrderNotPayable,
    PaymentInProgress,
)
from mercato_orders.models import Order, OrderEvent, Payment
from mercato_orders.values import NewOrder, NewPayment

from . import factories
from .fakes import Reservation

STAFF = Caller(Principal(kind="service", permissions=frozenset({"orders.read", "orders.write"})))
GUEST = Principal(email="guest@example.com")
IN_STOCK = 12
EXPECTED_RESERVATIONS = {
    ("open", "unpaid"): "held",
    ("open", "paid"): "committed",
    ("canceled", "unpaid"): "released",
    ("expired", "unpaid"): "released",
}
REFUSALS = (InsufficientStock, InvalidTransition, OrderNotPayable, PaymentInProgress)


class Shop(RuleBasedStateMachine):
    """One variant, several orders of it, and all operations on them."""

    orders = Bundle("orders")
    payments = Bundle("payments")

    def __init__(self, commit, sweep):
        super().__init__()
        self.commit = commit
        self.sweep = sweep
        self.quantities = {}

    @initialize()
    def open_shop(self):
        """Put a variant on sale."""
        self.item = self.commit(factories.make_item, in_stock=IN_STOCK)

    @rule(target=orders, quantity=st.integers(1, 6))
    def place(self, quantity):
        """An order is placed exactly if there are enough units."""
        wanted = NewOrder(
            lines=[WantedLine(self.item, quantity)],
            currency="EUR",
            shipping_address=factories.BOLOGNA,
        )
        enough = IN_STOCK - self._reserved() >= quantity
        placed = self._try(services.place_order, wanted, GUEST)
        assert (placed is not None) == enough
        if placed is None:
            return multiple()
        order = placed.content["id"]
        self.quantities[order] = quantity
        return order

    @rule(order=orders)
    def pay(self, order):
        """Staff mark an order as paid."""
        self._try(services.pay_order, order, NewPayment("manual"), STAFF)

    @rule(target=payments, order=orders)
    def start_payment(self, order):
        """A payment with a remote provider starts."""
        payment = self._try(_start_elsewhere, order)
        return multiple() if payment is None else payment

    @rule(payment=payments, status=st.sampled_from(["captured", "declined"]))
    def settle(self, payment, status):
        """The provider reports a result, possibly late or repeatedly."""
        self.commit(services.settle_payment, payment, Result(status))

    @rule(order=orders)
    def cancel(self, order):
        """Staff cancel an order."""
        self._try(services.cancel_order, order, STAFF)

    @rule(order=orders)
    def be_late(self, order):
        """An order's time runs out, and the expiry job runs."""
        self.commit(factories.let_time_pass, order)
        self.sweep()

    @invariant()
    def books_agree(self):
        """An order, its reservation, its payments and its timeline agree."""
        entries = self.commit(_read_books, list(self.quantities))
        for order, reservation, statuses, events in entries:
            state = order.status, order.payment_status
            active = [status for status in statuses if status not in ("failed", "refund_due")]
            assert reservation == EXPECTED_RESERVATIONS[state]
            assert order.amount_paid == (order.amount_total if state[1] == "paid" else 0)
            assert statuses.count("captured") == (state[1] == "paid")
            assert len(active) <= 1
            assert sorted(events) == sorted(set(events))
            assert ("order.paid" in events) == (state[1] == "paid")
            assert (f"order.{state[0]}" in events) == (state[0] != "open")

    @invariant()
    def units_are_conserved(self):
        """The reserved units are those of open and paid orders."""
        assert self.commit(factories.count_reserved, self.item) == self._reserved()

    def _reserved(self):
        entries = self.commit(_read_books, list(self.quantities))
        return sum(self.quantities[order.id] for order, *_ in entries if order.status == "open")

    def _try(self, function, *arguments):
        try:
            return self.commit(function, *arguments)
        except REFUSALS:
            return None


def _start_elsewhere(order_id):
    order = services.lock_order(order_id, STAFF, selectinload(Order.payments))
    return services.start_payment(order, "elsewhere").id


def _read_books(order_ids):
    """Return each order with its reservation, the statuses of its payments, and its timeline."""
    books = []
    for order in session.scalars(sa.select(Order).where(Order.id.in_(order_ids))):
        reservation = session.scalars(
            sa.select(Reservation.status).where(Reservation.reference == order.id)
        ).one()
        statuses = session.scalars(sa.select(Payment.status).where(Payment.order_id == order.id))
        events = session.scalars(sa.select(OrderEvent.type).where(OrderEvent.order_id == order.id))
        books.append((order, reservation, list(statuses), list(events)))
    return books


class TestLifeOfOrders:
    def test_state_is_always_consistent(self, commit, sweep):
        """After any sequence of operations, stock, payments and states agree."""
        run_state_machine_as_test(
            lambda: Shop(commit, sweep),
            settings=settings(
                max_examples=10,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
