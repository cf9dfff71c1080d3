from . import factories


def cancel(who, order, **options):
    """Cancel an order."""
    return who.post(f"/v1/orders/{order['id']}/cancel", **{"json": {}, **options})


def pay(who, order):
    """Pay an order."""
    return who.post(f"/v1/orders/{order['id']}/payments", json={"provider": "desk"})


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

    def test_a_paid_order_cannot_be_canceled(self, alice, charlie, alices_order, commit):
        """A paid order is not canceled, because that would need a refund."""
        pay(charlie, alices_order)

        refused = [cancel(who, alices_order) for who in (alice, charlie)]

        assert [answer.json["code"] for answer in refused] == ["invalid_transition"] * 2
        assert commit(factories.reservation_status_of, alices_order["id"]) == "committed"

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
