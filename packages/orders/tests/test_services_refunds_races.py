"""Refunds against each other, against cancellations and captures, in threads."""

import pytest

from . import factories, money
from .factories import order_of
from .threads import at_once

ROUNDS = 4
TWINS = 12


@pytest.fixture
def place(alice, item, commit):
    """A function that places and pays an order of two units for 12.50 EUR each."""

    def make(**options):
        order = alice.post("/v1/orders", json=order_of((item, 2))).json
        commit(money.pay, order["id"], **options)
        return order

    return make


@pytest.fixture
def clerks(as_user):
    """Clients of staff, one for each thread."""
    permissions = ["orders.read", "orders.write", "orders.refund"]
    clerk = as_user(permissions=permissions)
    return [as_user(permissions=permissions, sub=clerk.sub) for _ in range(TWINS)]


def refunding(who, order, body, **options):
    """Return a call that refunds an order."""
    return lambda: who.post(f"/v1/orders/{order['id']}/refunds", json=body, **options)


def canceling(who, order, body):
    """Return a call that cancels an order or units of it."""
    return lambda: who.post(f"/v1/orders/{order['id']}/cancel", json=body)


def units(order, quantity):
    """Return units of the only line of an order."""
    return {"lines": [{"line_id": order["lines"][0]["id"], "quantity": quantity}]}


class TestRefundAgainstRefund:
    def test_no_more_goes_back_than_was_paid(self, clerks, place, bank, commit):
        """Of twelve refunds of 10 EUR of 25 EUR, two succeed and ten are refused."""
        order = place()

        answers = at_once(*[refunding(who, order, {"amount": 1_000}) for who in clerks])

        assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 10
        assert bank.moved() == 500
        assert commit(money.books_of, order["id"]) == []

    def test_a_unit_is_refunded_once(self, clerks, place, bank, item, commit):
        """Of twelve returns of one of two units, two succeed."""
        order = place()
        commit(money.ship, order["id"])
        before = commit(factories.count_in_stock, item)
        body = {**units(order, 1), "restock": True}

        answers = at_once(*[refunding(who, order, body) for who in clerks])

        assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 10
        assert bank.moved() == 0
        assert commit(factories.count_in_stock, item) == before + 2
        assert commit(money.books_of, order["id"]) == []

    def test_one_key_is_one_refund(self, clerks, place, bank, commit):
        """Twelve identical requests with one key have one effect, and all get its answer."""
        for turn in range(ROUNDS):
            order, key = place(), {"Idempotency-Key": f"refund-of-round-{turn:04}"}
            calls = [refunding(who, order, {"amount": 100}, headers=key) for who in clerks]

            answers = at_once(*calls)
            last = calls[0]()

            # While one request waits for the provider, the others get 409.
            codes = {answer.status_code for answer in answers}
            waiting = {answer.json["code"] for answer in answers if answer.status_code == 409}
            made = {answer.json["id"] for answer in answers if answer.status_code == 201}
            assert codes <= {201, 409}
            assert waiting <= {"idempotency_in_progress"}
            assert made == {last.json["id"]}
            assert commit(money.books_of, order["id"]) == []
        assert bank.moved() == ROUNDS * 2_400


class TestRefundAgainstCancel:
    @pytest.mark.parametrize("body", [{}, {"amount": 2_000}])
    def test_all_goes_back_once(self, alice, clerks, place, bank, commit, body):
        """Whichever is first, the other sees what it did: the order is canceled and refunded."""
        for _ in range(ROUNDS):
            order = place()

            refund, cancel = at_once(
                refunding(clerks[0], order, body), canceling(clerks[1], order, {})
            )

            found = alice.get(f"/v1/orders/{order['id']}").json
            assert cancel.status_code == 200
            assert refund.status_code in (201, 409)
            assert (found["status"], found["payment_status"]) == ("canceled", "refunded")
            assert commit(money.books_of, order["id"]) == []
        assert bank.moved() == 0

    def test_the_last_units_are_canceled_once(self, alice, clerks, place, bank, item, commit):
        """A refund by line and a cancellation of all units do not count a unit twice."""
        for _ in range(ROUNDS):
            order = place()

            answers = at_once(
                refunding(clerks[0], order, units(order, 1)),
                canceling(clerks[1], order, units(order, 2)),
            )

            codes = [answer.status_code for answer in answers]
            (line,) = alice.get(f"/v1/orders/{order['id']}").json["lines"]
            state = alice.get(f"/v1/orders/{order['id']}").json["status"]
            assert (codes, state, line["quantity_canceled"]) in [
                ([201, 409], "open", 1),
                ([409, 200], "canceled", 0),
            ]
            assert commit(money.books_of, order["id"]) == []

    def test_two_cancellations_are_one(self, alice, clerks, place, bank, outbox):
        """Of twelve cancellations one succeeds, and the money goes back once."""
        order = place()

        answers = at_once(*[canceling(who, order, {}) for who in clerks])

        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 11
        assert bank.moved() == 0
        assert len(outbox("order.canceled")) == len(outbox("order.refunded")) == 1


class TestRefundAgainstCapture:
    def test_what_was_captured_before_can_be_refunded(self, alice, clerks, place, bank, commit):
        """A refund sees a capture or does not; no more goes back than is captured then."""
        for _ in range(ROUNDS):
            order = place(captured=500)
            payment_id = commit(money.payment_of, order["id"]).id

            capture, refund = at_once(
                lambda payment_id=payment_id: clerks[0].post(
                    f"/v1/payments/{payment_id}/capture", json={"amount": 1_000}
                ),
                refunding(clerks[1], order, {"amount": 1_200}),
            )

            (payment,) = alice.get(f"/v1/orders/{order['id']}").json["payments"]
            sums = payment["amount_captured"], payment["amount_refunded"]
            assert capture.status_code == 200
            assert (refund.status_code, sums) in [(201, (1_500, 1_200)), (409, (1_500, 0))]
            assert commit(money.books_of, order["id"]) == []

    def test_a_canceled_order_keeps_no_money(self, alice, clerks, place, bank, commit):
        """A capture and a cancellation at once: all that was captured goes back."""
        for _ in range(ROUNDS):
            order = place(captured=0)
            payment_id = commit(money.payment_of, order["id"]).id

            capture, cancel = at_once(
                lambda payment_id=payment_id: clerks[0].post(
                    f"/v1/payments/{payment_id}/capture", json={}
                ),
                canceling(clerks[1], order, {}),
            )

            found = alice.get(f"/v1/orders/{order['id']}").json
            if cancel.status_code == 200:
                commit(money.close_if_asked, order["id"])
            outcome = capture.status_code, cancel.status_code, found["status"]
            assert outcome in [
                (200, 409, "open"),
                (200, 200, "canceled"),
                (409, 200, "canceled"),
            ]
            assert commit(money.books_of, order["id"]) == []
            expected = 2_500 if found["status"] == "open" else 0
            assert bank.accounts[payment_id].captured - bank.accounts[payment_id].refunded == (
                expected
            )
