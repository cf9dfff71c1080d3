"""The reconciler finds what a process left when it died, whatever the point."""

import re
from datetime import timedelta

import pytest

from mercato_contracts.payments import Unknown
from mercato_kit.db import engine, new_id, utc_now
from mercato_orders import services
from mercato_orders.models import Refund
from mercato_testing.plans import Plans

from . import factories
from .bank import AFTER, BANK
from .factories import order_of
from .left_over import (
    ANSWERED,
    captures_of,
    find_payment,
    give_up,
    grow_old,
    leave_payment,
    make_due,
    only_payment,
    refunds_of,
)


class TestCrashPoints:
    """A process died; the row that it had committed is found, and the bank is asked."""

    def test_before_it_was_opened(self, alices_order, commit, reconcile, shown):
        """Without a reference no money can move: the bank is not asked."""
        payment_id = commit(leave_payment, alices_order["id"], opened=False)

        reconcile()

        assert shown(payment_id) == ("canceled", None, "processing")
        assert BANK.calls == []

    def test_before_it_was_confirmed(self, alices_order, commit, reconcile, shown):
        """A payment that was never confirmed is closed at the bank."""
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

    def test_a_spent_key_is_not_used_again(self, charlie, paid, commit, reconcile):
        """A bank that repeats an error for a key is asked with another key, after a read."""
        BANK.next("refund", Unknown(), Unknown(key_is_spent=True))
        charlie.post(f"/v1/orders/{paid['id']}/refunds", json={"amount": 500})
        reconcile()
        reconcile()

        [row] = commit(refunds_of, only_payment())
        keys = [key for method, key in BANK.calls if method == "refund"]
        assert keys == [f"{row.id}:refund:1", f"{row.id}:refund:1", f"{row.id}:refund:2"]
        assert [method for method, _ in BANK.calls[-2:]] == ["fetch", "refund"]
        assert (row.status, BANK.moved()) == ("succeeded", 2_000)

    def test_a_spent_key_of_a_capture(self, charlie, authorized, commit, reconcile):
        """A capture gets another key, too, and captures once."""
        payment_id = only_payment()
        BANK.next("capture", Unknown(key_is_spent=True), Unknown(key_is_spent=True))
        charlie.post(f"/v1/payments/{payment_id}/capture", json={})
        reconcile()
        reconcile()

        [row] = commit(captures_of, payment_id)
        keys = [key for method, key in BANK.calls if method == "capture"]
        assert keys == [f"{row.id}:capture:1", f"{row.id}:capture:1", f"{row.id}:capture:2"]
        assert (row.status, BANK.moved()) == ("succeeded", 2_500)

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


def lease_for(payment_id, duration):
    """Let another worker have a payment for some time."""
    payment = find_payment(payment_id)
    payment.leased_until, payment.lease_id = utc_now() + duration, new_id()


def end_authorization(payment_id):
    """Let an authorisation have ended."""
    find_payment(payment_id).authorized_until = utc_now() - timedelta(minutes=1)
