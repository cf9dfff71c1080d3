import pytest

from mercato_contracts.payments import Refused, Unknown

from . import factories, money
from .bank import DESK
from .factories import order_of


def cancel(who, order, **options):
    """Cancel an order."""
    return who.post(f"/v1/orders/{order['id']}/cancel", **{"json": {}, **options})


def units(order, *quantities):
    """Return units of the lines of an order."""
    return [
        {"line_id": line["id"], "quantity": quantity}
        for line, quantity in zip(order["lines"], quantities, strict=True)
        if quantity
    ]


class TestCancelOrder:
    def test_the_owner_cancels_an_order(self, alice, item, alices_order, commit, outbox):
        """The order is canceled, its units are released and an event is published."""
        canceled = cancel(alice, alices_order, json={"reason": "Found it cheaper"})

        order = canceled.json
        assert (canceled.status_code, order["status"]) == (200, "canceled")
        assert (order["cancel_reason"], order["version"]) == ("Found it cheaper", 2)
        assert order == alice.get(f"/v1/orders/{order['id']}").json
        assert commit(factories.count_reserved, item) == 0
        assert commit(factories.reservation_status_of, order["id"]) == "released"
        assert [event.aggregate_version for event in outbox("order.canceled")] == [2]

    def test_a_reason_may_be_null(self, alice, alices_order):
        """A reason of null is the same as no reason."""
        canceled = cancel(alice, alices_order, json={"reason": None})

        assert (canceled.status_code, canceled.json["cancel_reason"]) == (200, None)

    def test_a_guest_cancels_with_the_token(self, client, guests_order):
        """The access token is enough to cancel a guest's order."""
        secret = {"Order-Access-Token": guests_order["access_token"]}

        assert cancel(client, guests_order, headers=secret).json["status"] == "canceled"

    def test_staff_cancel_any_order(self, charlie, as_user, alices_order):
        """Holders of orders.write cancel any order; orders.read is not enough."""
        reader = as_user(permissions=["orders.read"])

        answers = [cancel(who, alices_order) for who in (reader, charlie)]

        assert [answer.status_code for answer in answers] == [403, 200]

    def test_other_callers_get_404(self, bob, client, alices_order):
        """Canceling an order of another customer answers 404."""
        assert [cancel(who, alices_order).status_code for who in (bob, client)] == [404, 404]

    def test_a_payment_in_flight_does_not_prevent_it(self, alice, alices_order, commit):
        """The order is canceled, and its payment is to be closed at the provider."""
        commit(factories.make_payment, alices_order["id"], provider_payment_id="pay_1")

        canceled = cancel(alice, alices_order)

        assert canceled.json["status"] == "canceled"
        assert commit(money.is_void_requested, alices_order["id"])
        assert commit(factories.reservation_status_of, alices_order["id"]) == "released"

    def test_it_is_canceled_once(self, alice, alices_order, outbox):
        """A second cancellation is refused; a repeated request gets the stored response."""
        key = {"Idempotency-Key": "cancel-this-order-once"}

        answers = [cancel(alice, alices_order, headers=key) for _ in range(2)]
        refused = cancel(alice, alices_order)

        assert answers[0].data == answers[1].data
        assert (refused.status_code, refused.json["code"]) == (409, "invalid_transition")
        assert len(outbox("order.canceled")) == 1

    def test_the_units_are_always_released(self, alice, alices_order):
        """A cancellation with restock=false is refused."""
        assert cancel(alice, alices_order, json={"restock": True}).status_code == 200
        assert cancel(alice, alices_order, json={"restock": False}).status_code == 422


class TestCancelAPaidOrder:
    def test_all_that_was_paid_goes_back(self, alice, charlie, paid, bank, item, commit, outbox):
        """The order is canceled, its units are released, and one refund gives all back."""
        canceled = cancel(charlie, paid, json={"reason": "Out of fashion"})

        order = canceled.json
        (refund,) = alice.get(f"/v1/orders/{paid['id']}/refunds").json["data"]
        assert (canceled.status_code, order["status"]) == (200, "canceled")
        assert (order["payment_status"], order["amount_refunded"]) == ("refunded", 2_500)
        assert (refund["source"], refund["amount"]) == ("cancel", 2_500)
        assert refund["reason"] == "Out of fashion"
        assert order == alice.get(f"/v1/orders/{paid['id']}").json
        assert bank.moved() == 0
        assert commit(factories.count_reserved, item) == 0
        assert len(outbox("order.canceled")) == len(outbox("order.refunded")) == 1
        assert commit(money.books_of, paid["id"]) == []

    def test_what_was_refunded_before_is_not_refunded_again(self, charlie, paid, bank):
        """Only the rest goes back."""
        charlie.post(f"/v1/orders/{paid['id']}/refunds", json={"amount": 600})

        canceled = cancel(charlie, paid).json

        assert (canceled["payment_status"], canceled["amount_refunded"]) == ("refunded", 2_500)
        assert bank.moved() == 0

    def test_less_than_shipping_is_left(self, alice, charlie, item, bank, commit):
        """No more shipping goes back than money."""
        order = alice.post("/v1/orders", json=order_of((item, 2))).json
        commit(money.add_shipping, order["id"], 500, 0)
        commit(money.pay, order["id"])
        charlie.post(f"/v1/orders/{order['id']}/refunds", json={"amount": 2_900})

        canceled = cancel(charlie, order)

        last = canceled.json["refunds"][-1]
        assert (canceled.status_code, canceled.json["status"]) == (200, "canceled")
        assert (last["amount"], last["amount_shipping"], bank.moved()) == (100, 100, 0)
        assert commit(money.books_of, order["id"]) == []

    def test_an_order_that_was_refunded_is_canceled_without_a_refund(self, alice, charlie, paid):
        """Nothing is left to give back."""
        charlie.post(f"/v1/orders/{paid['id']}/refunds", json={})

        canceled = cancel(charlie, paid)

        refunds = alice.get(f"/v1/orders/{paid['id']}/refunds").json["data"]
        assert (canceled.json["status"], len(refunds)) == ("canceled", 1)

    def test_owners_cannot(self, alice, charlie, paid):
        """A customer cannot cancel a paid order."""
        assert cancel(alice, paid).status_code == 403
        assert cancel(charlie, paid).status_code == 200

    def test_units_that_were_sent_prevent_it(self, charlie, paid, bank, commit):
        """Nothing is canceled or refunded if a unit was sent."""
        commit(money.ship, paid["id"], LAMP=1)

        refused = cancel(charlie, paid)

        assert (refused.status_code, refused.json["code"]) == (409, "invalid_transition")
        assert bank.moved() == 2_500

    def test_a_pending_capture_prevents_it(self, charlie, alices_order, commit):
        """A capture whose outcome is open must be known before the order is canceled."""
        commit(money.pay, alices_order["id"], captured=0)
        commit(money.change_payment, alices_order["id"], amount_capture_pending=1_000)

        answers = [
            cancel(charlie, alices_order),
            cancel(charlie, alices_order, json={"lines": units(alices_order, 1)}),
        ]

        assert [answer.json["code"] for answer in answers] == ["invalid_transition"] * 2

    @pytest.mark.parametrize(
        ("outcome", "status"),
        [(Unknown("time-out"), "pending"), (Refused("closed"), "failed"), ("pending", "pending")],
    )
    def test_the_order_is_canceled_whatever_becomes_of_the_money(
        self, alice, charlie, paid, bank, commit, outcome, status
    ):
        """Goods and money fail apart: the refund says what became of it."""
        bank.next("refund", outcome)

        canceled = cancel(charlie, paid)

        (refund,) = alice.get(f"/v1/orders/{paid['id']}/refunds").json["data"]
        assert (canceled.status_code, canceled.json["status"]) == (200, "canceled")
        assert (refund["status"], canceled.json["payment_status"]) == (status, "paid")
        assert commit(money.books_of, paid["id"]) == []

    def test_an_order_without_a_payment_is_canceled(self, alice, charlie, commit):
        """An order that cost nothing is canceled without a refund."""
        gift = commit(factories.make_item, unit_amount=0)
        order = alice.post("/v1/orders", json=order_of((gift, 1))).json

        assert cancel(charlie, order).json["status"] == "canceled"

    def test_a_local_provider_refunds_in_the_transaction(self, charlie, alices_order, commit):
        """A provider on this machine is called before the only commit."""
        commit(money.pay, alices_order["id"], bank=DESK)

        assert cancel(charlie, alices_order).json["payment_status"] == "refunded"
        assert DESK.moved() == 0


class TestCancelAnAuthorizedOrder:
    def test_the_authorisation_is_closed(self, charlie, alices_order, commit):
        """Nothing was captured, so the payment is to be closed, and nothing is refunded."""
        commit(money.pay, alices_order["id"], captured=0)

        canceled = cancel(charlie, alices_order).json

        assert (canceled["status"], canceled["refunds"]) == ("canceled", [])
        assert commit(money.is_void_requested, alices_order["id"])

    def test_what_was_captured_goes_back(self, charlie, alices_order, bank, commit):
        """A part that was captured is refunded, and the rest is closed."""
        commit(money.pay, alices_order["id"], captured=1_000)

        canceled = cancel(charlie, alices_order).json
        commit(money.close, alices_order["id"])

        order = charlie.get(f"/v1/orders/{alices_order['id']}").json
        assert (canceled["status"], canceled["amount_refunded"]) == ("canceled", 1_000)
        assert (order["payment_status"], order["payments"][0]["status"]) == ("refunded",) * 2
        assert bank.moved() == 0
        assert commit(money.books_of, alices_order["id"]) == []

    def test_what_was_captured_went_back_before(self, charlie, alices_order, commit):
        """The order owes no more than it has paid, although nothing is left to refund."""
        commit(money.pay, alices_order["id"], captured=1_000)
        charlie.post(f"/v1/orders/{alices_order['id']}/refunds", json={})

        canceled = cancel(charlie, alices_order).json
        commit(money.close, alices_order["id"])

        order = charlie.get(f"/v1/orders/{alices_order['id']}").json
        assert (canceled["amount_canceled"], len(canceled["refunds"])) == (1_500, 1)
        assert order["payment_status"] == "refunded"
        assert commit(money.books_of, alices_order["id"]) == []

    def test_units_are_taken_off_what_is_due(self, charlie, alices_order, bank, commit):
        """Units that are not captured are not refunded: less is captured later."""
        commit(money.pay, alices_order["id"], captured=0)

        canceled = cancel(charlie, alices_order, json={"lines": units(alices_order, 1)}).json

        assert (canceled["status"], canceled["payment_status"]) == ("open", "authorized")
        assert (canceled["amount_canceled"], canceled["refunds"]) == (1_250, [])
        assert not commit(money.is_void_requested, alices_order["id"])

    def test_their_tax_is_not_refunded_later(self, charlie, alices_order, commit):
        """Tax of 3.99 EUR over two units: 1.99 EUR are canceled, and 2.00 EUR refunded later."""
        commit(money.set_total, alices_order["id"], amount=2_500, tax=399)
        commit(money.pay, alices_order["id"], captured=1_250)
        commit(money.ship, alices_order["id"], LAMP=1)

        cancel(charlie, alices_order, json={"lines": units(alices_order, 1)})
        refund = charlie.post(f"/v1/orders/{alices_order['id']}/refunds", json={}).json

        assert commit(money.canceled_tax_of, alices_order["id"]) == 199
        assert (refund["amount"], refund["amount_tax"]) == (1_250, 200)

    def test_the_rest_of_an_authorisation_is_closed(self, charlie, alices_order, bank, commit):
        """When all that is due is captured, the provider need not hold more."""
        commit(money.pay, alices_order["id"], captured=1_250)
        commit(money.ship, alices_order["id"], LAMP=1)

        canceled = cancel(charlie, alices_order, json={"lines": units(alices_order, 1)}).json
        commit(money.close, alices_order["id"])

        order = charlie.get(f"/v1/orders/{alices_order['id']}").json
        assert (canceled["status"], canceled["amount_canceled"]) == ("completed", 1_250)
        assert (order["payment_status"], order["amount_paid"]) == ("paid", 1_250)
        assert bank.moved() == 1_250


class TestCancelLines:
    def test_units_are_released_and_refunded(self, alice, charlie, commit, item, outbox):
        """Units that are not sent go back to stock, and what they cost to the customer."""
        order = alice.post("/v1/orders", json=order_of((item, 5))).json
        commit(money.set_total, order["id"], amount=4_497, tax=0)
        commit(money.pay, order["id"])

        answers = [
            cancel(charlie, order, json={"lines": units(order, quantity)}) for quantity in (1, 2)
        ]

        last = answers[-1].json
        refunds = [refund["amount"] for refund in last["refunds"]]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert (last["status"], last["lines"][0]["quantity_canceled"]) == ("open", 3)
        # 4497 over 5 units: 900, 900, 899, 899, 899, and cancellations count from the back.
        assert refunds == [899, 1_798]
        assert commit(factories.count_reserved, item) == 2
        sequences = [event.payload["canceled"]["sequence"] for event in outbox()[-4:][::2]]
        assert sequences == [1, 2]
        assert commit(money.books_of, order["id"]) == []

    def test_the_last_units_cancel_the_order(self, charlie, paid, commit):
        """With the last units, shipping and the rest go back, as for the whole order."""
        for _ in range(2):
            canceled = cancel(charlie, paid, json={"lines": units(paid, 1)}).json

        assert (canceled["status"], canceled["payment_status"]) == ("canceled", "refunded")
        assert commit(factories.reservation_status_of, paid["id"]) == "released"

    def test_the_last_units_complete_the_order(self, charlie, paid, commit, outbox):
        """An order of which something was sent is completed."""
        commit(money.ship, paid["id"], LAMP=1)

        canceled = cancel(charlie, paid, json={"lines": units(paid, 1)}).json

        assert (canceled["status"], canceled["fulfillment_status"]) == ("completed", "fulfilled")
        assert len(outbox("order.completed")) == 1

    def test_no_more_than_is_left(self, charlie, paid, bank, commit):
        """Units that were sent cannot be canceled; nothing happens."""
        commit(money.ship, paid["id"], LAMP=1)

        refused = cancel(charlie, paid, json={"lines": units(paid, 2)})

        assert (refused.status_code, refused.json["code"]) == (409, "quantity_exceeds_remaining")
        assert refused.json["lines"] == [paid["lines"][0]["id"]]
        assert bank.moved() == 2_500

    def test_units_of_an_unpaid_order_are_not_canceled(self, alice, charlie, alices_order):
        """An unpaid order is canceled as a whole."""
        body = {"lines": units(alices_order, 1)}

        answers = [cancel(who, alices_order, json=body) for who in (alice, charlie)]

        assert [answer.json["code"] for answer in answers] == ["invalid_transition"] * 2

    def test_no_more_goes_back_than_is_left(self, charlie, paid, bank):
        """After a refund by amount, canceled units give back the rest at most."""
        charlie.post(f"/v1/orders/{paid['id']}/refunds", json={"amount": 2_000})

        canceled = cancel(charlie, paid, json={"lines": units(paid, 1)}).json

        assert (canceled["payment_status"], canceled["amount_refunded"]) == ("refunded", 2_500)
        assert bank.moved() == 0

    def test_an_order_that_cost_nothing(self, alice, charlie, commit):
        """Units of an order without a payment are released."""
        gift = commit(factories.make_item, unit_amount=0)
        order = alice.post("/v1/orders", json=order_of((gift, 2))).json

        canceled = cancel(charlie, order, json={"lines": units(order, 1)})

        assert (canceled.status_code, canceled.json["status"]) == (200, "open")
        assert commit(factories.count_reserved, gift) == 1


class TestStatements:
    STATEMENTS = {  # noqa: RUF012 - a constant
        "postgresql": {"unpaid": 7, "paid": 17, "lines": 18},
        # Each table that rows are added to takes a statement.
        "sqlite": {"unpaid": 9, "paid": 22, "lines": 24},
    }

    @pytest.mark.parametrize("count", [1, 20])
    def test_they_do_not_grow_with_the_lines(self, alice, charlie, commit, statements, count):
        """An unpaid order takes 7 statements besides those of stock; with a refund 17, or 18."""
        items = [commit(factories.make_item, sku=f"LAMP-{place}") for place in range(count)]
        body = order_of(*[(item, 3) for item in items])
        unpaid, paid, parts = (alice.post("/v1/orders", json=body).json for _ in range(3))
        for order in (paid, parts):
            commit(money.pay, order["id"])
        asked = {"unpaid": (unpaid, {}), "paid": (paid, {})}
        asked["lines"] = parts, {"lines": units(parts, *[1] * count)}

        sent = {}
        for name, (order, wanted) in asked.items():
            with statements as counted:
                assert cancel(charlie, order, json=wanted).status_code == 200
            sent[name] = money.count_own(counted)

        assert sent == self.STATEMENTS[commit(money.database)]
