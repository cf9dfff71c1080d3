"""The reconciler finds what a process left when it died, whatever the point."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_contracts.payments import Misconfigured, Refused, Unknown
from mercato_kit.db import engine, new_id, session, utc_now
from mercato_orders import services
from mercato_orders.models import Payment, Refund
from mercato_orders.services.locks import lock_payment
from mercato_orders.services.voids import request_void
from mercato_testing.plans import Plans

from . import factories, money
from .bank import AFTER, BANK
from .factories import order_of
from .left_over import (
    ANSWERED,
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


@pytest.fixture
def paid(alices_order, commit):
    """An order of alice that the bank has captured."""
    commit(money.pay, alices_order["id"])
    return alices_order


@pytest.fixture
def authorized(alices_order, commit):
    """An order of alice that the bank has authorized."""
    commit(money.pay, alices_order["id"], authorize=True)
    return alices_order


def only_payment():
    """Return the id of the only payment that the bank has."""
    [payment_id] = BANK.accounts
    return payment_id


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
        payment_id = commit(leave_payment, alices_order["id"], snapshot=ANSWERED)
        commit(give_up, payment_id)
        BANK.next("void", outcome)

        reconcile()
        while_unknown = shown(payment_id)[:2]
        reconcile()

        assert while_unknown == ("processing", None)
        assert shown(payment_id) == ("canceled", None, "canceled")

    def test_when_it_was_too_late_to_close_it(self, alice, alices_order, commit, reconcile, shown):
        """Money that arrives for a canceled order goes back by itself."""
        payment_id = commit(leave_payment, alices_order["id"], snapshot=ANSWERED)
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

        [row] = commit(refunds_of, only_payment())
        assert (refund.status_code, refund.json["status"]) == (201, "pending")
        assert row.status == "succeeded"
        assert BANK.moved() == 2_000

    def test_while_the_bank_works_on_a_refund(self, charlie, paid, commit, reconcile):
        """A refund that the bank has is not asked for again, and ends when the bank says so."""
        BANK.next("refund", "pending")
        charlie.post(f"/v1/orders/{paid['id']}/refunds", json={"amount": 500})
        [row] = commit(refunds_of, only_payment())

        reconcile()
        asked = [method for method, _ in BANK.calls].count("refund")
        BANK.turn(row.id, "succeeded")
        reconcile()

        [row] = commit(refunds_of, only_payment())
        assert (asked, row.status) == (1, "succeeded")

    @pytest.mark.parametrize("outcome", [Unknown(), AFTER], ids=["before", "after"])
    def test_around_a_capture(self, charlie, authorized, commit, reconcile, shown, outcome):
        """A capture whose answer is lost is looked for, and made once."""
        payment_id = only_payment()
        BANK.next("capture", outcome)
        charlie.post(f"/v1/payments/{payment_id}/capture", json={})

        reconcile()

        [row] = commit(captures_of, payment_id)
        assert row.status == "succeeded"
        assert shown(payment_id) == ("captured", None, "captured")
        assert BANK.moved() == 2_500


class TestKeys:
    def test_a_forgotten_key_is_not_used_again(self, charlie, paid, commit, reconcile):
        """An hour before the bank forgets a key, a refund that it does not have gets a new one."""
        BANK.next("refund", Unknown(), Unknown())
        charlie.post(f"/v1/orders/{paid['id']}/refunds", json={"amount": 500})
        reconcile()
        commit(grow_old, Refund, timedelta(hours=23))
        reconcile()

        [row] = commit(refunds_of, only_payment())
        keys = [key for method, key in BANK.calls if method == "refund"]
        assert keys == [f"{row.id}:refund:1", f"{row.id}:refund:1", f"{row.id}:refund:2"]
        assert (row.status, BANK.moved()) == ("succeeded", 2_000)

    def test_each_void_has_its_own(self, alices_order, commit, reconcile, shown):
        """A void that the bank could not make is asked for again, and not answered from memory."""
        payment_id = commit(leave_payment, alices_order["id"], snapshot=ANSWERED)
        commit(give_up, payment_id)
        BANK.next("void", "processing")

        reconcile()
        before = shown(payment_id)
        reconcile()

        keys = [key for method, key in BANK.calls if method == "void"]
        assert before == ("processing", None, "processing")
        assert shown(payment_id) == ("canceled", None, "canceled")
        assert len(set(keys)) == 2


class TestAttention:
    def test_after_5_errors_in_a_row(self, alices_order, commit, reconcile):
        """The bank is asked on, and its next answer ends the outage."""
        payment_id = commit(leave_payment, alices_order["id"], "captured")
        BANK.next("fetch", *[Unknown("time-out")] * 5)

        seen = []
        for _ in range(6):
            reconcile()
            payment = commit(find_payment, payment_id)
            seen.append((payment.attention, payment.errors, payment.last_error))

        failed = "Unknown: time-out"
        assert seen[3:] == [(None, 4, failed), ("errors", 5, failed), (None, 0, None)]
        assert payment.status == "captured"

    def test_after_15_minutes_without_an_answer(self, alices_order, commit, reconcile):
        """A silence counts from its first error."""
        payment_id = commit(leave_payment, alices_order["id"], "captured")
        BANK.next("fetch", Unknown(), Unknown())

        reconcile()
        commit(be_silent, payment_id, timedelta(minutes=15))
        reconcile()

        assert commit(find_payment, payment_id).attention == "no_answer"

    def test_if_the_bank_refuses_the_shop(self, alices_order, commit, reconcile):
        """Wrong credentials are for an operator at once."""
        payment_id = commit(leave_payment, alices_order["id"], "captured")
        BANK.next("fetch", Misconfigured("401"))

        reconcile()

        payment = commit(find_payment, payment_id)
        assert (payment.attention, payment.last_error) == ("misconfigured", "Misconfigured: 401")

    def test_if_no_feature_offers_the_provider(self, alices_order, commit, reconcile):
        """A payment of a feature that was switched off is not forgotten."""
        payment_id = commit(leave_payment, alices_order["id"], provider="gone")

        reconcile()

        assert commit(find_payment, payment_id).attention == "misconfigured"

    def test_after_a_day(self, alices_order, commit, reconcile):
        """A payment that stays open is for an operator; it is still read."""
        payment_id = commit(leave_payment, alices_order["id"], snapshot=ANSWERED)
        commit(grow_old, Payment, timedelta(hours=24))

        reconcile()
        overdue = commit(find_payment, payment_id).attention
        BANK.accounts[payment_id].state = "failed"
        reconcile()

        payment = commit(find_payment, payment_id)
        assert (overdue, payment.status) == ("overdue", "failed")

    def test_counts_from_when_it_was_to_be_closed(self, authorized, commit, reconcile, shown):
        """An authorisation of some days ago that is canceled now is not overdue, but closed."""
        commit(grow_old, Payment, timedelta(days=3))
        commit(give_up, only_payment())
        BANK.next("fetch", Unknown())

        reconcile()
        after_an_error = shown(only_payment())
        reconcile()

        assert after_an_error == ("authorized", None, "authorized")
        assert shown(only_payment()) == ("canceled", None, "canceled")

    def test_if_the_bank_has_another_amount(self, alices_order, commit, reconcile, shown):
        """Nothing moves, and nothing is closed."""
        payment_id = commit(leave_payment, alices_order["id"], amount=2_499)
        account = BANK.accounts[payment_id]
        account.charge = replace(account.charge, amount=2_500)

        reconcile()
        reconcile()

        assert shown(payment_id) == ("processing", "mismatch", "processing")
        assert {method for method, _ in BANK.calls} == {"fetch"}

    def test_if_the_bank_does_not_close_it(self, alices_order, commit, reconcile):
        """A refused void is not repeated."""
        payment_id = commit(leave_payment, alices_order["id"], snapshot=ANSWERED)
        commit(give_up, payment_id)
        BANK.next("void", Refused("not_now"))

        reconcile()
        reconcile()

        assert commit(find_payment, payment_id).attention == "void_refused"
        assert [method for method, _ in BANK.calls].count("void") == 1

    def test_if_the_bank_refuses_a_capture(self, charlie, authorized, commit, reconcile):
        """The claim is given back, and an operator sees why."""
        BANK.next("capture", Unknown(), Refused("expired"))
        charlie.post(f"/v1/payments/{only_payment()}/capture", json={})

        reconcile()

        [capture] = commit(captures_of, only_payment())
        payment = commit(find_payment, only_payment())
        assert (capture.status, capture.error_code) == ("failed", "expired")
        assert (payment.amount_capture_pending, payment.attention) == (0, "capture_refused")

    def test_is_in_the_timeline_for_staff(self, alice, charlie, alices_order, commit, reconcile):
        """Staff see since when; the owner of the order does not."""
        payment_id = commit(leave_payment, alices_order["id"])
        BANK.next("fetch", Misconfigured())
        reconcile()

        of_staff, of_alice = (
            who.get(f"/v1/orders/{alices_order['id']}/events").json["data"]
            for who in (charlie, alice)
        )

        noted = [one["data"] for one in of_staff if one["type"] == "order.payment_attention"]
        assert noted == [{"payment_id": str(payment_id), "reason": "misconfigured"}]
        assert "order.payment_attention" not in [one["type"] for one in of_alice]


class TestSchedule:
    def test_pauses_after_each_check(self, app, alices_order, commit, reconcile):
        """A payment is asked about again after 15 s, give or take a fifth, and not before."""
        payment_id = commit(leave_payment, alices_order["id"], snapshot=ANSWERED)

        found = [reconcile()]
        with app.app_context():
            found.append(services.reconcile_payments())

        payment = commit(find_payment, payment_id)
        pause = (payment.next_check_at - utc_now()).total_seconds()
        assert found == [1, 0]
        assert 8 < pause <= 18
        assert (payment.checks, payment.leased_until, payment.lease_id) == (1, None, None)

    def test_leaves_what_another_worker_has(self, alices_order, commit, reconcile):
        """A payment under a lease is not asked about twice at once."""
        payment_id = commit(leave_payment, alices_order["id"])
        commit(lease_for, payment_id, timedelta(seconds=15))
        while_leased = reconcile()
        commit(lease_for, payment_id, timedelta(seconds=-1))

        after = reconcile()

        assert (while_leased, after) == (0, 1)

    def test_one_failure_does_not_block_others(self, alice, item, commit, reconcile):
        """Each payment is checked by itself, several at once."""
        orders = [alice.post("/v1/orders", json=order_of((item, 1))).json for _ in range(5)]
        payments = [commit(leave_payment, order["id"], "captured") for order in orders]
        BANK.next("fetch", RuntimeError("a bug of the provider"))

        found = reconcile()

        statuses = sorted(commit(find_payment, one).status for one in payments)
        assert found == 5
        assert statuses == ["captured"] * 4 + ["processing"]

    def test_reads_an_authorisation_that_has_ended(self, alice, authorized, commit, reconcile):
        """What was not sent is released when the bank says that the money is gone."""
        payment_id = only_payment()
        commit(end_authorization, payment_id)
        BANK.accounts[payment_id].state = "canceled"

        reconcile()

        order = alice.get(f"/v1/orders/{authorized['id']}").json
        assert (order["status"], order["payment_status"]) == ("canceled", "unpaid")
        assert commit(factories.reservation_status_of, authorized["id"]) == "released"

    def test_reads_no_table_as_a_whole(self, app, alices_order, commit):
        """What is due is found by an index, however many payments there are."""
        commit(leave_payment, alices_order["id"], snapshot=ANSWERED)
        jobs = (
            services.reconcile_payments,
            services.settle_events,
            services.announce_expiring,
            services.forget_bodies,
        )

        with app.app_context(), Plans(engine()) as sent:
            for job in jobs:
                job()

        # SQLite scans the rows that were chosen.
        assert [plan for plan in sent.scans() if re.search("Seq Scan|SCAN orders_", plan)] == []

    def test_is_run_by_the_worker(self, alices_order, commit, run_worker):
        """The worker has the job."""
        payment_id = commit(leave_payment, alices_order["id"], "captured")
        commit(make_due)

        run_worker()

        assert commit(find_payment, payment_id).status == "captured"


def grow_old(model, age):
    """Let rows have begun some time ago."""
    past = utc_now() - age
    values = {"created_at": past, "attempt_at": past}
    session.execute(sa.update(model).values(values))


def be_silent(payment_id, duration):
    """Let the first error of a payment be some time ago."""
    find_payment(payment_id).unanswered_since = utc_now() - duration


def lease_for(payment_id, duration):
    """Let another worker have a payment for some time."""
    payment = find_payment(payment_id)
    payment.leased_until, payment.lease_id = utc_now() + duration, new_id()


def end_authorization(payment_id):
    """Let an authorisation have ended."""
    find_payment(payment_id).authorized_until = utc_now() - timedelta(minutes=1)
