"""Webhooks: each event is stored once, and settled whenever and in whatever order it comes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mercato_contracts.payments import Notice, RefundSnapshot, Unknown
from mercato_kit import work
from mercato_kit.db import new_id, utc_now
from mercato_orders import services
from mercato_orders.services.inbox import store_events

from .bank import BANK
from .left_over import (
    ANSWERED,
    events,
    find_payment,
    leave_payment,
    make_due,
    refunds_of,
)

ADDRESS = "/v1/webhooks/payments/bank"


@pytest.fixture
def payment_id(alices_order, commit):
    """The id of a payment that was confirmed, and that the bank works on."""
    return commit(leave_payment, alices_order["id"], snapshot=ANSWERED)


@pytest.fixture
def run_inbox(app, commit):
    """A function that lets everything be due, and runs the job of the inbox once."""

    def run():
        commit(make_due)
        with app.app_context():
            return services.settle_events()

    return run


def become(payment_id, state):
    """Let a payment have a state at the bank, and return the event that says so."""
    account = BANK.accounts[payment_id]
    account.state = state
    account.captured = account.charge.amount if state == "captured" else 0
    return BANK.notice(payment_id)


def send(client, *notices):
    """Send a webhook with events."""
    return client.post(ADDRESS, **BANK.webhook(*notices))


class TestReceiveEvents:
    def test_settles_what_the_event_shows(self, client, alice, alices_order, payment_id, commit):
        """The order is paid by the event, and the bank is not asked."""
        event = become(payment_id, "captured")

        answer = send(client, event)

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        [row] = commit(events)
        assert (answer.status_code, answer.json) == (200, {})
        assert (order["payment_status"], order["amount_paid"]) == ("paid", 2_500)
        assert (row.event_id, row.type, row.payment_id) == (
            event.event_id,
            "payment.captured",
            payment_id,
        )
        assert row.processed_at is not None
        assert BANK.calls == []

    def test_has_one_effect_if_it_comes_twice(self, client, payment_id, commit, outbox):
        """A repeated event is answered like the first, and changes nothing."""
        event = become(payment_id, "captured")

        answers = [send(client, event), send(client, event), send(client, event, event)]

        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert len(commit(events)) == 1
        assert len(outbox("order.paid")) == 1

    def test_takes_several_events_in_any_order(self, client, alice, alices_order, payment_id):
        """An older state does not overwrite a later one."""
        first, second = become(payment_id, "requires_action"), become(payment_id, "captured")
        last = BANK.notice(payment_id, type="payment.closed")

        send(client, last, first)
        send(client, second)

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert order["payment_status"] == "paid"

    def test_may_come_before_the_answer(self, client, alice, alices_order, commit):
        """A payment whose confirmation is not answered yet is settled by its event."""
        payment_id = commit(leave_payment, alices_order["id"])

        send(client, become(payment_id, "captured"))

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert order["payment_status"] == "paid"

    def test_finds_a_payment_by_the_banks_reference(self, client, payment_id, commit):
        """An event without our id is found by the provider's."""
        event = become(payment_id, "captured")

        send(client, replace(event, payment_id=None, reference=f"bank_{payment_id}"))

        assert commit(find_payment, payment_id).status == "captured"

    def test_of_a_closed_order_goes_back(self, client, alice, alices_order, payment_id, commit):
        """Money for a canceled order is refunded, and never counted as paid."""
        alice.post(f"/v1/orders/{alices_order['id']}/cancel", json={})

        send(client, become(payment_id, "captured"))

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        [refund] = commit(refunds_of, payment_id)
        assert (order["status"], order["payment_status"]) == ("canceled", "unpaid")
        assert commit(find_payment, payment_id).status == "refund_due"
        assert (refund.source, refund.status, refund.amount) == ("late_payment", "pending", 2_500)

    def test_is_stored_before_it_is_settled(self, client, payment_id, commit, run_inbox):
        """An event that cannot be settled is answered with 200, and settled later."""
        event = become(payment_id, "captured")
        broken = replace(event.snapshot, refunds=(RefundSnapshot("succeeded", 2**70),))

        answer = send(client, replace(event, snapshot=broken))
        run_inbox()
        [row] = commit(events)

        assert answer.status_code == 200
        assert (row.processed_at, row.attempts) == (None, 1)
        assert row.last_error
        assert row.next_attempt_at > utc_now()

    def test_without_a_snapshot_is_fetched_by_the_job(self, client, payment_id, commit, run_inbox):
        """A webhook does not wait for the bank; the job asks it, until it answers."""
        event = replace(become(payment_id, "captured"), snapshot=None)
        BANK.next("fetch", Unknown("time-out"))

        send(client, event)
        asked_at_once = len(BANK.calls)
        run_inbox()
        [failed] = commit(events)
        run_inbox()

        [row] = commit(events)
        assert asked_at_once == 0
        assert (failed.processed_at, failed.last_error) == (None, "Unknown: time-out")
        assert (row.processed_at is not None, row.last_error) == (True, None)
        assert commit(find_payment, payment_id).status == "captured"

    def test_of_a_payment_that_was_never_opened_waits_for_its_end(
        self, client, app, alices_order, commit, run_inbox, reconcile
    ):
        """An event of a payment whose reference was lost is settled once the payment is closed."""
        payment_id = commit(leave_payment, alices_order["id"], opened=False)
        notice = Notice("evt_1", "payment.opened", payment_id=payment_id, reference="bank_lost")

        send(client, notice)
        run_inbox()
        [waits] = commit(events)
        reconcile()
        run_inbox()

        [row] = commit(events)
        assert waits.last_error == "Unknown: the payment has no reference yet"
        assert (row.processed_at is not None, row.last_error) == (True, None)
        assert commit(find_payment, payment_id).status == "canceled"

    def test_a_killed_process_delays_it(self, client, app, payment_id, commit, run_inbox):
        """An event that was stored by a process that died is settled by the job."""
        event = become(payment_id, "captured")
        with app.app_context():
            work.run(lambda: store_events("bank", [event], "{}"))

        before = commit(find_payment, payment_id).status
        found = run_inbox()

        assert (before, found) == ("processing", 1)
        assert commit(find_payment, payment_id).status == "captured"
        assert send(client, event).status_code == 200
        assert len(commit(events)) == 1

    @pytest.mark.parametrize("foreign", [True, False])
    def test_of_others_is_not_kept(self, client, commit, foreign):
        """An event of another installation, or of an unknown payment, leaves no row."""
        event = Notice("evt_1", "payment.captured", new_id(), "bank_1", foreign=foreign)

        answer = send(client, event, replace(event, event_id="evt_2", payment_id=None))
        nameless = send(client, Notice("evt_3", "payment.captured"))

        assert (answer.status_code, nameless.status_code) == (200, 200)
        assert commit(events) == []

    def test_with_a_bad_signature_costs_no_statement(self, client, payment_id, statements):
        """What the provider did not sign is refused before the database is asked."""
        signed = BANK.webhook(become(payment_id, "captured"))

        with statements as sent:
            changed = client.post(ADDRESS, **{**signed, "data": signed["data"] + b" "})
            unsigned = client.post(ADDRESS, data=signed["data"])
            local = client.post("/v1/webhooks/payments/desk", data=b"{}")

        refused = [(it.status_code, it.json["code"]) for it in (changed, unsigned, local)]
        assert refused == [(400, "bad_signature")] * 3
        assert len(sent) == 0, sent

    def test_ignores_credentials(self, client, payment_id):
        """Providers that send their own credentials are not refused for them."""
        request = BANK.webhook(become(payment_id, "captured"))
        request["headers"]["Authorization"] = "Basic YTpi"

        assert client.post(ADDRESS, **request).status_code == 200

    def test_of_an_unknown_provider(self, client):
        """An address of no provider is 404."""
        answer = client.post("/v1/webhooks/payments/nowhere", data=b"{}")

        assert (answer.status_code, answer.json["code"]) == (404, "not_found")

    @pytest.mark.parametrize(("size", "status"), [(256 * 1024, 400), (256 * 1024 + 1, 413)])
    def test_has_256_kib_at_most(self, client, size, status):
        """Webhooks may be larger than other requests."""
        assert client.post(ADDRESS, data=b"x" * size).status_code == status

    def test_costs_9_statements(self, client, payment_id, statements):
        """An event is stored and settled by 9 statements, and those of the stock."""
        event = become(payment_id, "captured")

        with statements as sent:
            send(client, event)

        # SQLite writes the rows of the timeline and of the outbox one by one.
        later = ("INSERT INTO kit_outbox", "INSERT INTO kit_inbox", "warehouse_")
        own = [one for one in sent if not any(part in one[:80] for part in later)]
        assert len(own) <= 9, own


class TestReplayEvent:
    def test_settles_once_more(self, app, client, payment_id, commit, outbox):
        """An event can be replayed at any time; what it shows has its effect once."""
        event = become(payment_id, "captured")
        send(client, event)

        with app.app_context():
            found = services.replay_event(event.event_id)

        assert found == payment_id
        assert len(outbox("order.paid")) == 1


class TestForgetBodies:
    def test_after_30_days(self, client, payment_id, commit):
        """The body of an old event goes; that it came stays."""
        send(client, become(payment_id, "captured"))
        send(client, BANK.notice(payment_id))
        commit(age_first, timedelta(days=30, seconds=1))

        forgotten = commit(services.forget_bodies), commit(services.forget_bodies)

        old, new = commit(events)
        assert forgotten == (1, 0)
        assert old.body is None
        assert new.body is not None

    def test_is_run_by_the_worker(self, client, payment_id, commit, run_worker):
        """The worker has the job."""
        send(client, become(payment_id, "captured"))
        commit(age_first, timedelta(days=31))

        run_worker()

        assert [row.body for row in commit(events)] == [None]


def age_first(age):
    """Let the first event have come some time ago."""
    events()[0].received_at = utc_now() - age
