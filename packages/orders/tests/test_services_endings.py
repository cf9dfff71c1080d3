"""Authorisations that end soon: staff are warned, or the amount is captured."""

from datetime import timedelta

import pytest

from mercato_kit.db import utc_now
from mercato_orders import services

from . import money
from .bank import BANK
from .left_over import captures_of, find_payment, make_due


@pytest.fixture
def authorized(alices_order, commit):
    """The id of a payment that was authorized, for 23 hours from now on."""
    payment_id = commit(money.pay, alices_order["id"], authorize=True)
    commit(end_in, payment_id, timedelta(hours=23))
    return payment_id


@pytest.fixture
def announce(app):
    """A function that runs the job and returns the number of payments."""

    def run():
        with app.app_context():
            return services.announce_expiring()

    return run


def end_in(payment_id, duration):
    """Let an authorisation end some time from now."""
    find_payment(payment_id).authorized_until = utc_now() + duration


class TestAnnounceExpiring:
    def test_warns_staff_once(self, alice, alices_order, authorized, announce, outbox):
        """A day before, an event has the payment and what is left; customers do not see it."""
        found = announce(), announce()

        [event] = outbox("order.authorization_expiring")
        timeline = alice.get(f"/v1/orders/{alices_order['id']}/events").json["data"]
        payment = {"id": str(authorized), "provider": "bank", "amount": 2_500}
        assert found == (1, 0)
        assert event.payload["payment"] == payment
        assert "order.authorization_expiring" not in [entry["type"] for entry in timeline]

    def test_is_not_early(self, authorized, announce, commit):
        """An authorisation that lasts longer than a day is left alone."""
        commit(end_in, authorized, timedelta(hours=25))

        assert announce() == 0

    def test_the_worker_runs_it(self, authorized, run_worker, outbox):
        """The worker has the job."""
        run_worker()

        assert len(outbox("order.authorization_expiring")) == 1


class TestCaptureBeforeExpiry:
    @pytest.fixture
    def settings(self):
        """The amount is captured instead."""
        return {"capture_before_expiry": True}

    def test_captures_the_rest(
        self, app, alice, alices_order, authorized, announce, commit, outbox
    ):
        """With the setting, the reconciler captures the amount, and there is no event for staff."""
        found = announce()
        [pending] = commit(captures_of, authorized)
        commit(make_due)
        with app.app_context():
            services.reconcile_payments()

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (found, pending.status, pending.amount) == (1, "pending", 2_500)
        assert (order["payment_status"], BANK.moved()) == ("paid", 2_500)
        assert outbox("order.authorization_expiring") == []

    def test_does_not_capture_what_was_canceled(
        self, app, charlie, alices_order, authorized, announce, commit
    ):
        """Canceled units are authorized, but the customer does not pay for them."""
        units = [{"line_id": alices_order["lines"][0]["id"], "quantity": 1}]
        charlie.post(f"/v1/orders/{alices_order['id']}/cancel", json={"lines": units})

        announce()
        commit(make_due)
        with app.app_context():
            services.reconcile_payments()

        order = charlie.get(f"/v1/orders/{alices_order['id']}").json
        assert (order["payment_status"], BANK.moved()) == ("paid", 1_250)
        assert commit(find_payment, authorized).attention is None
