import pytest
from sqlalchemy.exc import IntegrityError

from mercato_kit.db import new_id
from mercato_kit.errors import Conflict

from . import factories
from .factories import order_of

DESK = {"provider": "desk"}


def pay(who, order, **options):
    """Pay an order."""
    return who.post(f"/v1/orders/{order['id']}/payments", json=DESK, **options)


class TestPayOrder:
    def test_staff_mark_an_order_as_paid(self, alice, charlie, alices_order, commit):
        """The payment is captured, the order is paid and its reservation is committed."""
        paid = pay(charlie, alices_order)

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (paid.status_code, paid.json["status"]) == (201, "captured")
        assert (paid.json["amount"], paid.json["currency"]) == (2_500, "EUR")
        assert (order["status"], order["payment_status"]) == ("open", "paid")
        assert (order["amount_paid"], order["expires_at"]) == (2_500, None)
        assert order["payments"] == [paid.json]
        assert commit(factories.reservation_status_of, alices_order["id"]) == "committed"

    def test_null_means_absent(self, charlie, alices_order):
        """Payment method and return URL may be null."""
        body = DESK | dict.fromkeys(("payment_method", "return_url"))

        paid = charlie.post(f"/v1/orders/{alices_order['id']}/payments", json=body)

        assert paid.status_code == 201, paid.json

    def test_an_order_of_0_is_paid_when_it_is_placed(self, alice, charlie, commit, outbox):
        """An order with a total of 0 is placed as paid, without a payment, and keeps its units."""
        gift = commit(factories.make_item, unit_amount=0)
        order = alice.post("/v1/orders", json=order_of((gift, 1))).json

        again = pay(charlie, order)

        listed = alice.get("/v1/orders?payment_status=paid&amount_total[lte]=0").json["data"]
        assert (order["amount_total"], order["payment_status"]) == (0, "paid")
        assert (order["expires_at"], order["payments"]) == (None, [])
        assert order["paid_at"] is not None
        assert (again.status_code, again.json["code"]) == (409, "order_not_payable")
        assert [found["id"] for found in listed] == [order["id"]]
        assert [event.topic for event in outbox()] == ["order.placed", "order.paid"]
        assert commit(factories.reservation_status_of, order["id"]) == "committed"

    def test_the_event_is_published_once(self, charlie, alices_order, outbox):
        """One event is published, with the current version of the order."""
        pay(charlie, alices_order)

        (event,) = outbox("order.paid")

        order = charlie.get(f"/v1/orders/{alices_order['id']}").json
        assert str(event.aggregate_id) == order["id"]
        assert event.aggregate_version == order["version"]

    def test_customers_cannot_mark_orders_as_paid(self, alice, client, alices_order, guests_order):
        """An owner without orders.write is refused."""
        secret = {"Order-Access-Token": guests_order["access_token"]}

        answers = [pay(alice, alices_order), pay(client, guests_order, headers=secret)]

        assert [answer.status_code for answer in answers] == [403, 403]

    def test_other_callers_get_404(self, bob, client, alices_order):
        """Paying an order of another customer answers 404."""
        assert [pay(who, alices_order).status_code for who in (bob, client)] == [404, 404]

    def test_an_order_is_paid_once(self, charlie, alices_order):
        """A second payment of a paid order is refused."""
        pay(charlie, alices_order)

        refused = pay(charlie, alices_order)

        assert (refused.status_code, refused.json["code"]) == (409, "order_not_payable")

    def test_a_closed_order_is_not_payable(self, alice, charlie, alices_order):
        """A canceled or expired order cannot be paid."""
        alice.post(f"/v1/orders/{alices_order['id']}/cancel", json={})

        refused = pay(charlie, alices_order)

        assert (refused.status_code, refused.json["code"]) == (409, "order_not_payable")

    def test_an_order_without_its_units_is_not_payable(self, charlie, alices_order, commit):
        """If the reservation is gone, no payment starts."""
        commit(factories.lose_reservation, alices_order["id"])

        refused = pay(charlie, alices_order)

        assert (refused.status_code, refused.json["code"]) == (409, "order_not_payable")

    def test_a_late_payment_is_accepted_until_the_job_runs(self, charlie, alices_order, commit):
        """An order past its expiry can be paid until the job expires it."""
        commit(factories.let_time_pass, alices_order["id"])

        assert pay(charlie, alices_order).json["status"] == "captured"

    @pytest.mark.parametrize("status", ["processing", "requires_action"])
    def test_two_payments_are_not_made_at_once(self, charlie, alices_order, commit, status):
        """While a payment is unfinished, no other one starts; the refusal names it."""
        started = commit(factories.make_payment, alices_order["id"], status=status)

        refused = pay(charlie, alices_order)

        assert (refused.status_code, refused.json["code"]) == (409, "payment_in_progress")
        assert refused.json["payment_id"] == str(started)

    def test_the_database_allows_one_active_payment(self, alices_order, commit):
        """A unique index refuses a second active payment of an order."""
        commit(factories.make_payment, alices_order["id"])

        with pytest.raises(Conflict) as refused:
            commit(factories.make_payment, alices_order["id"])

        assert isinstance(refused.value.__cause__, IntegrityError)

    def test_an_unknown_provider_is_refused(self, charlie, alices_order):
        """An unknown provider is refused."""
        path = f"/v1/orders/{alices_order['id']}/payments"

        refused = charlie.post(path, json={"provider": "beads"})

        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/provider")

    def test_one_key_is_one_payment(self, charlie, alices_order):
        """A repeated request gets the stored response."""
        key = {"Idempotency-Key": "pay-this-order-once"}

        first, again = (pay(charlie, alices_order, headers=key) for _ in range(2))

        assert (again.status_code, again.data) == (201, first.data)

    def test_a_free_order_is_paid(self, charlie, alice, commit):
        """An order of free variants is paid like any other."""
        gift = commit(factories.make_item, unit_amount=0)
        order = alice.post("/v1/orders", json=order_of((gift, 1))).json

        pay(charlie, order)

        assert alice.get(f"/v1/orders/{order['id']}").json["payment_status"] == "paid"


class TestPayByCustomer:
    def test_owners_pay_with_a_provider_for_customers(
        self, alice, client, alices_order, guests_order
    ):
        """Customers and guests pay their own orders, unless the provider is for staff."""
        secret = {"Order-Access-Token": guests_order["access_token"]}
        bank = {"provider": "bank"}

        answers = [
            alice.post(f"/v1/orders/{alices_order['id']}/payments", json=bank),
            client.post(f"/v1/orders/{guests_order['id']}/payments", json=bank, headers=secret),
        ]

        assert [answer.status_code for answer in answers] == [201, 201]

    def test_a_guests_answer_is_not_for_others(self, client, guests_order):
        """A stored response is returned only to the caller who received it first."""
        path, bank = f"/v1/orders/{guests_order['id']}/payments", {"provider": "bank"}
        key = {"Idempotency-Key": f"pay-{guests_order['id']}"}
        client.post(
            path, json=bank, headers=key | {"Order-Access-Token": guests_order["access_token"]}
        )

        answers = [
            client.post(path, json=bank, headers=key),
            client.post(path, json=bank, headers=key | {"Order-Access-Token": "0" * 64}),
        ]

        assert [answer.status_code for answer in answers] == [404, 404]

    def test_others_may_not(self, bob, as_user, alices_order):
        """Other customers and readers of all orders cannot pay an order."""
        path, reader = (
            f"/v1/orders/{alices_order['id']}/payments",
            as_user(permissions=["orders.read"]),
        )

        answers = [who.post(path, json={"provider": "bank"}) for who in (bob, reader)]

        assert [answer.status_code for answer in answers] == [404, 403]


class TestReadPayments:
    def test_owners_and_staff_see_them(self, alice, charlie, alices_order):
        """The owner and staff list the payments and read each of them."""
        paid = pay(charlie, alices_order)

        for who in (alice, charlie):
            listed = who.get(f"/v1/orders/{alices_order['id']}/payments").json["data"]
            found = who.get(paid.headers["Location"])
            assert listed == [paid.json]
            assert (found.status_code, found.json) == (200, paid.json)

    def test_other_callers_get_404(self, bob, client, charlie, alices_order):
        """Payments of another customer's order answer 404."""
        place = pay(charlie, alices_order).headers["Location"]

        for who in (bob, client):
            assert who.get(place).status_code == 404
            assert who.get(f"/v1/orders/{alices_order['id']}/payments").status_code == 404

    def test_a_payment_is_found_under_its_own_order(self, alice, charlie, item, alices_order):
        """A payment is not found under another order."""
        payment = pay(charlie, alices_order).json
        other = alice.post("/v1/orders", json=order_of((item, 1))).json

        assert alice.get(f"/v1/orders/{other['id']}/payments/{payment['id']}").status_code == 404
        assert alice.get(f"/v1/orders/{other['id']}/payments/{new_id()}").status_code == 404
