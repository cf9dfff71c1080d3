"""Authorized payments: captured in parts, and closed."""

from dataclasses import replace

import pytest

from mercato_contracts.payments import Refused, Unknown
from mercato_orders import services

from . import factories, money
from .bank import AFTER, BANK
from .factories import order_of
from .threads import at_once

TOTAL = 2_500
KEY = {"Idempotency-Key": "capture-this-payment"}


@pytest.fixture
def settings():
    """Payments are authorized, and captured when staff do it."""
    return {"capture_at": "request"}


@pytest.fixture
def payment(alice, alices_order):
    """The body of an authorized payment of alice's order."""
    path = f"/v1/orders/{alices_order['id']}/payments"
    return alice.post(path, json={"provider": "bank"}).json


def capture(who, payment, **options):
    """Capture a payment."""
    return who.post(f"/v1/payments/{payment['id']}/capture", **{"json": {}, **options})


def void(who, payment, **options):
    """Close a payment."""
    return who.post(f"/v1/payments/{payment['id']}/void", **options)


class TestCapture:
    def test_staff_capture_all(self, alice, charlie, alices_order, payment, outbox):
        """The order is authorized when the customer pays, and paid when staff capture."""
        authorized = alice.get(f"/v1/orders/{alices_order['id']}").json["payment_status"]

        captured = capture(charlie, payment)

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (payment["status"], authorized) == ("authorized", "authorized")
        assert (captured.status_code, captured.json["status"]) == (200, "captured")
        assert (order["payment_status"], order["amount_paid"]) == ("paid", TOTAL)
        assert BANK.moved() == TOTAL
        assert len(outbox("order.paid")) == 1

    def test_staff_capture_parts(self, alice, charlie, alices_order, payment):
        """Each part is counted; the order is paid with the last one."""
        first = capture(charlie, payment, json={"amount": 1_000})
        between = alice.get(f"/v1/orders/{alices_order['id']}").json
        last = capture(charlie, payment)

        assert (first.json["status"], first.json["amount_captured"]) == ("authorized", 1_000)
        assert (between["payment_status"], between["amount_paid"]) == ("authorized", 1_000)
        assert (last.json["status"], last.json["amount_captured"]) == ("captured", TOTAL)

    def test_a_part_is_refunded_before_the_last_one(
        self, alice, charlie, clerk, alices_order, payment, outbox
    ):
        """The order is paid, once, when all that is due was captured."""
        capture(charlie, payment, json={"amount": 1_000})
        clerk.post(f"/v1/orders/{alices_order['id']}/refunds", json={"amount": 400})

        capture(charlie, payment)

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (order["payment_status"], order["amount_paid"]) == ("partially_refunded", TOTAL)
        assert order["paid_at"] is not None
        assert len(outbox("order.paid")) == 1

    def test_a_provider_that_captures_once(self, alice, charlie, alices_order, payment):
        """A part is refused, as the rest could not be captured after it; all that is due is not."""
        BANK.capabilities = replace(BANK.capabilities, multiple_captures=False)

        part = capture(charlie, payment, json={"amount": 1_000})
        whole = capture(charlie, payment)

        assert (part.status_code, part.json["errors"][0]["code"]) == (422, "partial")
        assert (whole.status_code, BANK.moved()) == (200, TOTAL)

    def test_a_provider_that_was_removed(self, charlie, alices_order, payment, commit):
        """Nothing is captured or sent before the provider is enabled again."""
        commit(money.change_payment, alices_order["id"], provider="gone")

        captured = capture(charlie, payment)

        assert (captured.status_code, captured.json["code"]) == (409, "invalid_transition")
        assert "gone" in captured.json["detail"]

    def test_one_key_is_one_capture(self, charlie, payment):
        """A repeated request gets the stored response."""
        first, again = (
            capture(charlie, payment, json={"amount": 1_000}, headers=KEY) for _ in range(2)
        )

        assert (again.status_code, again.data, BANK.moved()) == (200, first.data, 1_000)

    def test_more_than_is_left(self, charlie, payment):
        """More than is authorized, or again what is captured, is refused."""
        answers = [capture(charlie, payment, json={"amount": TOTAL + 1})]
        capture(charlie, payment)
        answers.append(capture(charlie, payment))

        assert [answer.json["code"] for answer in answers] == ["invalid_transition"] * 2

    def test_a_refused_capture(self, charlie, payment, commit):
        """The answer is 402, the claim is given back, and it can be tried again."""
        BANK.next("capture", Refused("too_late"))

        refused = capture(charlie, payment)

        assert (refused.status_code, refused.json["error_code"]) == (402, "too_late")
        assert commit(factories.find_payment, payment["id"]).amount_capture_pending == 0
        assert capture(charlie, payment).json["status"] == "captured"

    @pytest.mark.parametrize("outcome", [Unknown(), AFTER])
    def test_a_capture_without_answer(self, alice, charlie, alices_order, payment, commit, outcome):
        """It is pending, and blocks capture, void and cancel; evidence of it ends that."""
        BANK.next("capture", outcome)

        asked = capture(charlie, payment)

        cancel = charlie.post(f"/v1/orders/{alices_order['id']}/cancel", json={})
        blocked = [capture(charlie, payment), void(charlie, payment), cancel]
        row = commit(factories.find_payment, payment["id"])
        assert (asked.status_code, asked.json["status"]) == (200, "authorized")
        assert (row.amount_captured, row.amount_capture_pending) == (0, TOTAL)
        assert [answer.status_code for answer in blocked] == [409] * 3
        BANK.accounts[row.id].captured = TOTAL
        BANK.accounts[row.id].state = "captured"
        settled = commit(services.settle, row.id, BANK.accounts[row.id].snapshot())
        assert (settled.amount_captured, settled.amount_capture_pending) == (TOTAL, 0)

    def test_owners_and_others_may_not(self, alice, bob, client, as_user, payment):
        """Capturing needs orders.write; a payment that is not the caller's is not found."""
        reader = as_user(permissions=["orders.read"])

        answers = [capture(who, payment) for who in (alice, reader, bob, client)]

        assert [answer.status_code for answer in answers] == [403, 403, 404, 404]


class TestRaces:
    def test_an_amount_is_captured_once(self, as_user, payment, permissions):
        """Of several concurrent captures of all, one has it; the others are refused."""
        staff = [as_user(permissions=permissions) for _ in range(4)]

        answers = at_once(*[lambda who=who: capture(who, payment) for who in staff])

        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        assert BANK.moved() == TOTAL

    def test_capture_against_void(self, as_user, payment, permissions, commit):
        """A payment is captured or closed, and the other one is refused or comes too late."""
        one, other = (as_user(permissions=permissions) for _ in range(2))

        at_once(lambda: capture(one, payment), lambda: void(other, payment))

        row = commit(factories.find_payment, payment["id"])
        assert (row.status, row.amount_captured) in [("captured", TOTAL), ("canceled", 0)]
        assert BANK.moved() == row.amount_captured


class TestVoid:
    def test_staff_close_an_authorisation(
        self, alice, charlie, item, alices_order, payment, commit
    ):
        """The order that it was to pay is canceled, and its units are released."""
        closed = void(charlie, payment)

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (closed.status_code, closed.json["status"]) == (200, "canceled")
        assert order["status"] == "canceled"
        assert commit(factories.count_reserved, item) == 0

    def test_staff_close_the_rest(self, alice, charlie, item, alices_order, payment, commit):
        """What was captured before goes back, because nothing was sent."""
        capture(charlie, payment, json={"amount": 1_000})

        closed = void(charlie, payment)

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (closed.status_code, closed.json["status"]) == (200, "captured")
        assert (order["status"], commit(factories.count_reserved, item)) == ("canceled", 0)
        assert [(refund["status"], refund["amount"]) for refund in order["refunds"]] == [
            ("pending", 1_000)
        ]

    def test_staff_close_the_rest_of_what_was_refunded(
        self, charlie, clerk, alices_order, payment, outbox
    ):
        """Nothing is left to give back, and no more is due than was captured."""
        capture(charlie, payment, json={"amount": 1_000})
        clerk.post(f"/v1/orders/{alices_order['id']}/refunds", json={})

        closed = void(charlie, payment)

        order = charlie.get(f"/v1/orders/{alices_order['id']}").json
        assert (closed.json["status"], BANK.moved()) == ("refunded", 0)
        assert (order["status"], order["payment_status"]) == ("canceled", "refunded")
        assert (order["amount_paid"], order["amount_canceled"]) == (1_000, TOTAL - 1_000)
        assert len(outbox("order.paid")) == 1

    def test_owners_close_one_that_is_not_authorized(self, alice, item):
        """The owner may give a payment up, and pay otherwise."""
        order = alice.post("/v1/orders", json=order_of((item, 1))).json
        BANK.next("confirm", "requires_action")
        path = f"/v1/orders/{order['id']}/payments"
        first = alice.post(path, json={"provider": "bank"}).json

        closed = void(alice, first)

        assert (closed.status_code, closed.json["status"]) == (200, "canceled")
        assert alice.post(path, json={"provider": "bank"}).json["status"] == "authorized"

    def test_owners_do_not_close_an_authorisation(self, alice, bob, client, payment):
        """Once it is authorized, staff decide; a payment of another customer is not found."""
        answers = [void(who, payment) for who in (alice, bob, client)]

        assert [answer.status_code for answer in answers] == [403, 404, 404]

    def test_a_captured_payment_is_not_closed(self, charlie, payment):
        """What is captured is refunded instead."""
        capture(charlie, payment)

        refused = void(charlie, payment)

        assert (refused.status_code, refused.json["code"]) == (409, "invalid_transition")

    def test_a_void_without_answer(self, charlie, payment, commit):
        """The request stays, so that the provider is asked again."""
        BANK.next("void", Unknown())

        asked = void(charlie, payment)

        row = commit(factories.find_payment, payment["id"])
        assert (asked.status_code, row.status) == (200, "authorized")
        assert row.void_requested_at is not None
        assert capture(charlie, payment).status_code == 409

    def test_a_refused_void(self, charlie, payment, commit):
        """An operator has to look at it."""
        BANK.next("void", Refused("unknown"))

        void(charlie, payment)

        assert commit(factories.find_payment, payment["id"]).attention == "void_refused"
