"""The reconciler says which payments an operator has to look at."""

from dataclasses import replace
from datetime import timedelta

from mercato_contracts.payments import Misconfigured, Refused, Unknown
from mercato_orders.models import Payment

from .bank import BANK
from .left_over import (
    ANSWERED,
    be_silent,
    captures_of,
    find_payment,
    give_up,
    grow_old,
    leave_payment,
    only_payment,
)


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
