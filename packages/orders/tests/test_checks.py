"""What `mercato doctor` and /metrics say of payments."""

from datetime import timedelta

import pytest

from mercato_kit.db import session, utc_now
from mercato_orders import checks
from mercato_orders.models import PaymentEvent

from .bank import BANK
from .left_over import ANSWERED, find_payment, leave_payment


@pytest.fixture
def payment_id(alices_order, commit):
    """The id of a payment that is open."""
    BANK.reset()
    return commit(leave_payment, alices_order["id"], snapshot=ANSWERED)


def note(payment_id):
    """Let a payment need attention."""
    payment = find_payment(payment_id)
    payment.attention, payment.attention_at = "overdue", utc_now()


def receive(payment_id, age):
    """Let an event of a payment have come some time ago, and wait since then."""
    row = {"provider": "bank", "event_id": "evt_1", "type": "x", "received_at": utc_now() - age}
    session.add(PaymentEvent(payment_id=payment_id, **row))


class TestDoctor:
    def test_has_nothing_to_say(self, payment_id, commit):
        """Payments that are open are no problem."""
        assert [commit(check.function) for check in checks.DOCTOR] == [None, None]

    def test_counts_payments_that_need_attention(self, payment_id, commit):
        """The sentence has the command that lists them."""
        commit(note, payment_id)

        said = commit(checks.check_payments)

        assert said == "1 payment needs attention: mercato payments list --attention"

    @pytest.mark.parametrize(("minutes", "found"), [(59, False), (61, True)])
    def test_counts_events_that_wait_for_an_hour(self, payment_id, commit, minutes, found):
        """Events are settled within seconds; later ones are a problem."""
        commit(receive, payment_id, timedelta(minutes=minutes))

        said = commit(checks.check_payment_events)

        assert (said is not None) is found
        assert said is None or said.startswith("1 payment event waits for more than an hour")


class TestGauges:
    def test_are_shown(self, client, payment_id, commit):
        """/metrics has the payments that need attention, and the events that wait."""
        commit(note, payment_id)
        commit(receive, payment_id, timedelta(0))

        lines = client.get("/metrics").text.splitlines()

        assert "mercato_orders_payments_attention 1.0" in lines
        assert "mercato_orders_payment_events_waiting 1.0" in lines
