from pathlib import Path

import pytest

from mercato_orders.errors import InvalidTransition
from mercato_orders.models import (
    CAPTURE_STATUSES,
    ORDER_STATUSES,
    PARCEL_STATUSES,
    PAYMENT_STATUSES,
    REFUND_STATUSES,
    Line,
    Order,
    Payment,
)
from mercato_orders.states import (
    CAPTURE,
    FULFILLMENT,
    ORDER,
    PAYMENT,
    REFUND,
    due,
    fulfillment_status,
    may,
    move,
    payment_status,
    require,
)
from mercato_orders.timeline import TOPICS

from . import page_of_states


def order_of(total=500, paid=0, refunded=0, canceled=0, status="open", payment_status="unpaid"):
    """Return an order that is not stored."""
    return Order(
        amount_total=total,
        amount_paid=paid,
        amount_refunded=refunded,
        amount_canceled=canceled,
        status=status,
        payment_status=payment_status,
    )


class TestTable:
    def test_orders_have_only_known_states(self):
        """Every state of the table is one that the database accepts, and each is reached."""
        sources = {state for row in ORDER for state in row.sources}
        targets = {row.target.partition("/")[0] for row in ORDER}

        assert {status.partition("/")[0] for status in sources} | targets == {*ORDER_STATUSES}
        assert {status.partition("/")[2] for status in sources} == {*PAYMENT_STATUSES}

    @pytest.mark.parametrize(
        ("steps", "states"),
        [
            (CAPTURE, CAPTURE_STATUSES),
            (REFUND, REFUND_STATUSES),
            (FULFILLMENT, PARCEL_STATUSES),
        ],
    )
    def test_parts_reach_every_state(self, steps, states):
        """Every state of a part that the database accepts is reached, and no other one."""
        assert {state for following in steps.values() for state in following} == {*states}

    def test_a_payment_reaches_every_state(self):
        """Every state of a payment is reached by a step, and is known to the database."""
        (check,) = (
            one
            for one in Payment.__table__.constraints
            if one.name == "ck_orders_payment_status_known"
        )
        reached = {state for following in PAYMENT.values() for state in following}

        assert reached == {*PAYMENT} - {None}
        assert all(f"'{state}'" in str(check.sqltext) for state in reached)


class TestRequire:
    def test_allows_what_the_table_has(self):
        """A change is allowed from its sources only; one of several is enough."""
        unpaid, paid = order_of(), order_of(payment_status="paid")

        require(unpaid, "cancel_unpaid")
        require(paid, "cancel_unpaid", "cancel")

        assert (may(unpaid, "pay"), may(paid, "pay")) == (True, False)
        with pytest.raises(InvalidTransition):
            require(unpaid, "cancel", "ship")
        with pytest.raises(InvalidTransition):
            require(order_of(status="canceled"), "cancel_unpaid")


class TestMove:
    def test_follows_the_steps(self):
        """A state follows where the table says so, and stays by itself."""
        payment = Payment(status="processing")

        move(payment, PAYMENT, "captured")
        move(payment, PAYMENT, "captured")

        with pytest.raises(InvalidTransition):
            move(payment, PAYMENT, "processing")
        assert payment.status == "captured"


class TestPaymentStatus:
    @pytest.mark.parametrize(
        ("statuses", "amounts", "expected"),
        [
            ([], {}, "unpaid"),
            (["failed", "processing"], {}, "unpaid"),
            (["failed", "authorized"], {}, "authorized"),
            (["authorized"], {"paid": 200}, "authorized"),
            (["failed", "captured"], {"paid": 500}, "paid"),
            (["captured"], {"paid": 400, "canceled": 100}, "paid"),
            ([], {"total": 0}, "paid"),
            ([], {"canceled": 500}, "unpaid"),
            (["captured"], {"paid": 500, "refunded": 200}, "partially_refunded"),
            (["captured"], {"paid": 500, "refunded": 500}, "refunded"),
            (["refund_due"], {}, "unpaid"),
        ],
    )
    def test_it_follows_from_payments(self, statuses, amounts, expected):
        """What is captured, refunded and due decides the payment status."""
        assert payment_status(order_of(**amounts), statuses) == expected

    def test_what_is_canceled_is_not_due(self):
        """What was canceled before it was captured is not to be paid."""
        assert due(order_of(canceled=100)) == 400


class TestFulfillmentStatus:
    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            ([(2, 0, 0, 0)], "unfulfilled"),
            ([(2, 0, 2, 0)], "unfulfilled"),
            ([(2, 1, 0, 0)], "partially_fulfilled"),
            ([(2, 2, 0, 0), (1, 0, 0, 0)], "partially_fulfilled"),
            ([(2, 1, 1, 0)], "fulfilled"),
            ([(2, 2, 0, 1)], "fulfilled"),
            ([(2, 1, 1, 1)], "returned"),
        ],
    )
    def test_it_follows_from_lines(self, lines, expected):
        """Units that are shipped, canceled and returned decide the fulfilment status."""
        made = [
            Line(
                quantity=quantity,
                quantity_fulfilled=fulfilled,
                quantity_canceled=canceled,
                quantity_returned=returned,
            )
            for quantity, fulfilled, canceled, returned in lines
        ]

        assert fulfillment_status(made) == expected


class TestPage:
    def test_the_readme_shows_the_table(self):
        """The table and the diagram of the README are those of the states."""
        readme = (Path(__file__).parents[1] / "README.md").read_text()

        shown = readme.partition("<!-- states -->\n")[2].partition("<!-- end of states -->")[0]

        assert shown == page_of_states.section()

    def test_events_of_the_table_are_published(self):
        """Every event of a change of an order is a topic of the feature."""
        assert {f"order.{change.event}" for change in ORDER} <= {*TOPICS}
