"""The reconciler finds what a process left when it died, whatever the point."""

from datetime import timedelta

import pytest

from mercato_contracts.payments import Unknown
from mercato_kit.db import utc_now
from mercato_orders import services
from mercato_orders.services.payments.locks import lock_payment
from mercato_orders.services.payments.voids import request_void

from .bank import AFTER, BANK
from .left_over import (
    captures_of,
    find_payment,
    leave_payment,
    make_due,
    refunds_of,
)


@pytest.fixture(autouse=True)
def empty_bank():
    """The bank knows nothing in the beginning."""
    BANK.reset()


@pytest.fixture
def reconcile(app, commit):
    """A function that lets everything be due, and runs the reconciler once."""

    def run():
        commit(make_due)
        with app.app_context():
            return services.reconcile_payments()

    return run


@pytest.fixture
def shown(commit):
    """A function that returns status and attention of a payment, and the state at the bank."""

    def read(payment_id):
        payment = commit(find_payment, payment_id)
        return payment.status, payment.attention, BANK.accounts[payment_id].state

    return read


def give_up(payment_id):
    """Request that a payment is closed."""
    request_void(lock_payment(payment_id)[1])


class TestCrashPoints:
    """A process died; the row that it had committed is found, and the bank is asked."""

    def test_before_it_was_opened(self, alices_order, commit, reconcile, shown):
        """Without a reference no money can move: the payment is canceled, and nobody is asked."""
        payment_id = commit(leave_payment, alices_order["id"], opened=False)

        reconcile()

        assert shown(payment_id) == ("canceled", None, "processing")
        assert BANK.calls == []

    def test_before_it_was_confirmed(self, alices_order, commit, reconcile, shown):
        """A payment that nobody confirms is closed at the bank."""
        payment_id = commit(leave_payment, alices_order["id"])

        reconcile()

        assert shown(payment_id) == ("canceled", None, "canceled")

    @pytest.mark.parametrize(
        ("state", "capture", "payment_status"),
        [
            ("captured", "now", "paid"),
            ("authorized", "later", "authorized"),
            ("failed", "now", "unpaid"),
            ("canceled", "now", "unpaid"),
        ],
    )
    def test_before_the_answer_was_written(
        self, alice, alices_order, commit, reconcile, shown, state, capture, payment_status
    ):
        """What the bank did is read, and the order follows."""
        payment_id = commit(leave_payment, alices_order["id"], state, capture=capture)

        reconcile()

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert shown(payment_id) == (state, None, state)
        assert order["payment_status"] == payment_status

    def test_while_the_bank_worked_on_it(self, alices_order, commit, reconcile, shown):
        """A payment that its bank may decide for days is waited for."""
        payment_id = commit(leave_payment, alices_order["id"])
        BANK.accounts[payment_id].expected_by = utc_now() + timedelta(days=3)

        reconcile()

        assert shown(payment_id) == ("processing", None, "processing")

    @pytest.mark.parametrize("outcome", [Unknown(), AFTER], ids=["before", "after"])
    def test_while_it_was_closed(self, alices_order, commit, reconcile, shown, outcome):
        """A void whose answer is lost is made again."""
        payment_id = commit(leave_payment, alices_order["id"], snapshot={"state": "processing"})
        commit(give_up, payment_id)
        BANK.next("void", outcome)

        reconcile()
        while_unknown = shown(payment_id)[:2]
        reconcile()

        assert while_unknown == ("processing", None)
        assert shown(payment_id) == ("canceled", None, "canceled")

    def test_when_it_was_too_late_to_close_it(self, alice, alices_order, commit, reconcile, shown):
        """Money that arrives for a canceled order goes back by itself."""
        payment_id = commit(leave_payment, alices_order["id"], snapshot={"state": "processing"})
        alice.post(f"/v1/orders/{alices_order['id']}/cancel", json={})
        BANK.accounts[payment_id].state = "captured"
        BANK.accounts[payment_id].captured = 2_500

        reconcile()
        reconcile()

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (order["status"], order["amount_paid"]) == ("canceled", 0)
        assert shown(payment_id)[:2] == ("refunded", None)
        assert BANK.moved() == 0
        assert [one.source for one in commit(refunds_of, payment_id)] == ["late_payment"]

    @pytest.mark.parametrize("outcome", [Unknown(), AFTER], ids=["before", "after"])
    def test_around_a_refund(self, charlie, paid, commit, reconcile, outcome):
        """A refund whose answer is lost is looked for, and made once."""
        BANK.next("refund", outcome)
        refund = charlie.post(f"/v1/orders/{paid['id']}/refunds", json={"amount": 500})

        reconcile()

        [row] = commit(refunds_of, BANK_PAYMENT())
        assert (refund.status_code, refund.json["status"]) == (201, "pending")
        assert row.status == "succeeded"
        assert BANK.moved() == 2_000

    def test_while_the_bank_works_on_a_refund(self, charlie, paid, commit, reconcile):
        """A refund that the bank has is not asked for again, and ends when the bank says so."""
        BANK.next("refund", "pending")
        charlie.post(f"/v1/orders/{paid['id']}/refunds", json={"amount": 500})
        [row] = commit(refunds_of, BANK_PAYMENT())

        reconcile()
        asked = [method for method, _ in BANK.calls].count("refund")
        BANK.turn(row.id, "succeeded")
        reconcile()

        [row] = commit(refunds_of, BANK_PAYMENT())
        assert (asked, row.status) == (1, "succeeded")

    @pytest.mark.parametrize("outcome", [Unknown(), AFTER], ids=["before", "after"])
    def test_around_a_capture(self, charlie, authorized, commit, reconcile, shown, outcome):
        """A capture whose answer is lost is looked for, and made once."""
        payment_id = BANK_PAYMENT()
        BANK.next("capture", outcome)
        charlie.post(f"/v1/payments/{payment_id}/capture", json={})

        reconcile()

        [row] = commit(captures_of, payment_id)
        assert row.status == "succeeded"
        assert shown(payment_id) == ("captured", None, "captured")
        assert BANK.moved() == 2_500


def BANK_PAYMENT():  # noqa: N802 - reads as the constant that it is within a test
    """Return the id of the only payment that the bank has."""
    [payment_id] = BANK.accounts
    return payment_id
