"""Evidence of a provider: late, repeated, out of order, and about money that no order takes."""

from datetime import timedelta

import pytest

from mercato_contracts.payments import Snapshot
from mercato_kit.db import utc_now
from mercato_orders import services

from . import factories

TOTAL = 2_500


def snapshot(state, captured=None, **values):
    """Return a snapshot of a payment of the order's total."""
    if captured is None:
        captured = TOTAL if state == "captured" else 0
    known = {"amount": TOTAL, "currency": "EUR", "refunds": (), "observed_at": utc_now()}
    return Snapshot(state=state, amount_captured=captured, **{**known, **values})


@pytest.fixture
def payment(alices_order, commit):
    """The id of a payment of alice's order that its provider is processing."""
    return commit(factories.make_payment, alices_order["id"])


@pytest.fixture
def settle(commit):
    """A function that settles a payment with several snapshots, and returns its row."""

    def settle(payment_id, *snapshots):
        for each in snapshots:
            commit(services.settle, payment_id, each)
        return commit(factories.find_payment, payment_id)

    return settle


class TestSettle:
    def test_captured_money_pays_the_order_once(self, payment, settle, alice, alices_order, outbox):
        """The same evidence again, or evidence from before, changes nothing."""
        before = snapshot("processing")
        paid = snapshot("captured")

        row = settle(payment, paid, paid, before, snapshot("failed"), snapshot("authorized"))

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (row.status, row.amount_captured, row.error_code) == ("captured", TOTAL, None)
        assert (order["payment_status"], order["amount_paid"]) == ("paid", TOTAL)
        assert len(outbox("order.paid")) == 1

    def test_a_declined_payment_leaves_the_order_open(self, payment, settle, charlie, alices_order):
        """The error code is stored, the order gets a new version and can be paid again."""
        row = settle(payment, snapshot("failed", error_code="no_money"))

        order = charlie.get(f"/v1/orders/{alices_order['id']}")
        path = f"/v1/orders/{alices_order['id']}/payments"
        assert (row.status, row.error_code) == ("failed", "no_money")
        assert (order.json["status"], order.json["payment_status"]) == ("open", "unpaid")
        assert order.headers["ETag"] != '"1"'
        assert charlie.post(path, json={"provider": "desk"}).json["status"] == "captured"

    def test_of_two_open_states_the_later_one_holds(self, payment, settle):
        """Between processing and requires_action the time decides when the provider saw it."""
        now = utc_now()
        later = snapshot("requires_action", observed_at=now)
        earlier = snapshot("processing", observed_at=now - timedelta(seconds=1))

        assert settle(payment, later, earlier).status == "requires_action"
        assert settle(payment, snapshot("processing", observed_at=now)).status == "requires_action"
        after = snapshot("processing", observed_at=now + timedelta(seconds=1))
        assert settle(payment, after).status == "processing"

    @pytest.mark.parametrize(
        "other", [{"currency": "USD"}, {"amount": TOTAL - 1}, {"captured": TOTAL + 1}]
    )
    def test_other_money_moves_nothing(self, payment, settle, alice, alices_order, other):
        """A snapshot of another currency or amount needs an operator."""
        row = settle(payment, snapshot("captured", **other))

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (row.status, row.amount_captured, row.attention) == ("processing", 0, "mismatch")
        assert (order["payment_status"], order["amount_paid"]) == ("unpaid", 0)

    def test_an_authorisation_is_captured(
        self, payment, settle, alice, alices_order, commit, outbox
    ):
        """The order is authorized, then paid; its units are committed once authorized."""
        until = utc_now() + timedelta(days=7)

        row = settle(payment, snapshot("authorized", authorized_until=until))

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (row.status, row.authorized_until) == ("authorized", until)
        assert (order["payment_status"], order["expires_at"]) == ("authorized", None)
        assert commit(factories.reservation_status_of, alices_order["id"]) == "committed"
        settle(payment, snapshot("captured"))
        assert alice.get(f"/v1/orders/{alices_order['id']}").json["payment_status"] == "paid"
        topics = [event.topic for event in outbox()][1:]
        assert topics == ["order.authorized", "order.paid"]

    @pytest.mark.parametrize(
        ("captured", "ended"), [(0, "canceled"), (1_000, "canceled"), (1_000, "captured")]
    )
    def test_an_authorisation_that_ends(
        self, payment, settle, alice, alices_order, item, commit, captured, ended
    ):
        """What it was to pay for is canceled; what was captured of it is given back.

        Providers say ``captured`` or ``canceled`` of one that was captured in part.
        """
        settle(payment, snapshot("authorized", captured))

        row = settle(payment, snapshot(ended, captured))

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert row.status == ("captured" if captured else "canceled")
        assert (order["status"], commit(factories.count_reserved, item)) == ("canceled", 0)
        assert row.amount_refund_pending == captured


class TestLateMoney:
    @pytest.fixture(params=["cancel", "hold lost", "closed", "failed"])
    def late(self, request, alice, alices_order, payment, settle, commit):
        """A payment that no order waits for any more."""
        if request.param == "cancel":
            alice.post(f"/v1/orders/{alices_order['id']}/cancel", json={})
        elif request.param == "hold lost":
            commit(factories.lose_reservation, alices_order["id"])
        else:
            settle(payment, snapshot("canceled" if request.param == "closed" else "failed"))
        return payment

    def test_captured_money_goes_back(self, late, settle, alice, alices_order, commit):
        """It is marked refund_due, with a refund of all of it, and is not the order's."""
        row = settle(late, snapshot("captured"), snapshot("captured"))

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        (refund,) = commit(factories.refunds_of, late)
        assert (row.status, row.amount_captured) == ("refund_due", TOTAL)
        assert (row.amount_refund_pending, row.void_requested_at) == (TOTAL, None)
        assert refund == ("late_payment", TOTAL, "pending")
        assert (order["payment_status"], order["amount_paid"]) == ("unpaid", 0)

    def test_an_authorisation_is_closed(self, late, settle, commit):
        """It is to be voided; if that was too late, the captured money goes back."""
        row = settle(late, snapshot("authorized"))

        assert (row.status, row.void_requested_at is not None) == ("refund_due", True)
        assert commit(factories.refunds_of, late) == []
        assert settle(late, snapshot("captured")).amount_refund_pending == TOTAL

    def test_an_authorisation_that_was_closed(self, late, settle):
        """A payment whose authorisation was closed needs nothing more."""
        row = settle(late, snapshot("authorized"), snapshot("canceled"))

        assert (row.status, row.void_requested_at) == ("canceled", None)


class TestCancel:
    def test_a_payment_in_flight_does_not_block(self, payment, settle, alice, alices_order, outbox):
        """The order is canceled at once, and its payment is to be closed."""
        canceled = alice.post(f"/v1/orders/{alices_order['id']}/cancel", json={})

        row = settle(payment)

        assert (canceled.status_code, canceled.json["status"]) == (200, "canceled")
        assert (row.status, row.void_requested_at is not None) == ("processing", True)
        assert settle(payment, snapshot("canceled")).status == "canceled"

    def test_a_canceled_authorisation(self, payment, settle, charlie, alices_order):
        """An authorized order is canceled by a void; asking again changes nothing before."""
        settle(payment, snapshot("authorized"))
        charlie.post(f"/v1/orders/{alices_order['id']}/cancel", json={})

        asked = settle(payment, snapshot("authorized"))

        order = charlie.get(f"/v1/orders/{alices_order['id']}").json
        assert (asked.status, asked.void_requested_at is not None) == ("authorized", True)
        assert order["status"] == "canceled"
        assert settle(payment, snapshot("canceled")).status == "canceled"
        order = charlie.get(f"/v1/orders/{alices_order['id']}").json
        assert (order["payment_status"], order["amount_paid"]) == ("unpaid", 0)

    def test_a_void_that_was_too_late(self, payment, settle, charlie, alices_order, commit):
        """Money that was captured after the order was canceled goes back."""
        settle(payment, snapshot("authorized"))
        charlie.post(f"/v1/orders/{alices_order['id']}/cancel", json={})

        row = settle(payment, snapshot("captured"))

        assert (row.status, row.amount_refund_pending) == ("refund_due", TOTAL)
        assert len(commit(factories.refunds_of, payment)) == 1
