from . import factories


def cancel(who, order, **options):
    """Cancel an order."""
    return who.post(f"/v1/orders/{order['id']}/cancel", **{"json": {}, **options})


def pay(who, order):
    """Pay an order."""
    return who.post(f"/v1/orders/{order['id']}/payments", json={"provider": "manual"})


class TestCancelOrder:
    def test_its_owner_cancels_it(self, alice, item, alices_order, commit, outbox):
        """The order is canceled, its units are free again, and others hear of it."""
        canceled = cancel(alice, alices_order, json={"reason": "Found it cheaper"})

        order = canceled.json
        assert (canceled.status_code, order["status"]) == (200, "canceled")
        assert (order["cancel_reason"], order["version"]) == ("Found it cheaper", 2)
        assert order == alice.get(f"/v1/orders/{order['id']}").json
        assert commit(factories.count_reserved, item) == 0
        assert commit(factories.promise_of, order["id"]) == "released"
        assert [event.aggregate_version for event in outbox("order.canceled")] == [2]

    def test_a_reason_may_be_null(self, alice, alices_order):
        """Null is no reason, as in the answer."""
        canceled = cancel(alice, alices_order, json={"reason": None})

        assert (canceled.status_code, canceled.json["cancel_reason"]) == (200, None)

    def test_a_guest_cancels_with_the_secret(self, client, guests_order):
        """The secret of an order is enough to cancel it."""
        secret = {"Order-Access-Token": guests_order["access_token"]}

        assert cancel(client, guests_order, headers=secret).json["status"] == "canceled"

    def test_staff_cancel_it(self, charlie, as_user, alices_order):
        """Holders of orders.write cancel any order; reading it is not enough."""
        reader = as_user(permissions=["orders.read"])

        answers = [cancel(who, alices_order) for who in (reader, charlie)]

        assert [answer.status_code for answer in answers] == [403, 200]

    def test_for_others_it_is_not_there(self, bob, client, alices_order):
        """Nobody learns of an order by trying to cancel it."""
        assert [cancel(who, alices_order).status_code for who in (bob, client)] == [404, 404]

    def test_a_paid_order_stays(self, alice, charlie, alices_order, commit):
        """An order that is paid is not canceled without its money going back."""
        pay(charlie, alices_order)

        refused = [cancel(who, alices_order) for who in (alice, charlie)]

        assert [answer.json["code"] for answer in refused] == ["invalid_transition"] * 2
        assert commit(factories.promise_of, alices_order["id"]) == "committed"

    def test_it_is_canceled_once(self, alice, alices_order, outbox):
        """A second cancellation is refused; the same request again is answered again."""
        key = {"Idempotency-Key": "cancel-this-order-once"}

        answers = [cancel(alice, alices_order, headers=key) for _ in range(2)]
        refused = cancel(alice, alices_order)

        assert answers[0].data == answers[1].data
        assert (refused.status_code, refused.json["code"]) == (409, "invalid_transition")
        assert len(outbox("order.canceled")) == 1

    def test_the_units_always_go_back(self, alice, alices_order):
        """Units of an unpaid order cannot be kept from going back."""
        assert cancel(alice, alices_order, json={"restock": True}).status_code == 200
        assert cancel(alice, alices_order, json={"restock": False}).status_code == 422
