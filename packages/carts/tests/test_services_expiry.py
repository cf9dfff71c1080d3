import pytest

from . import factories
from .factories import Shopper, merge


class TestAbandonedCarts:
    @pytest.fixture
    def cart(self, alice, lamp, commit):
        """The cart of alice, which has not changed for a day and an hour."""
        shopper = Shopper(alice)
        shopper.add(lamp, 2)
        commit(factories.let_time_pass, shopper.id, hours=25)
        return shopper

    def test_are_announced_once(self, alice, cart, run_worker, outbox):
        """The event has ids and the total, and nothing about the person."""
        run_worker()
        run_worker()

        (event,) = outbox("cart.abandoned")
        assert event.payload == {
            "cart_id": cart.id,
            "customer_id": str(alice.sub),
            "currency": "EUR",
            "amount_total": 2_500,
        }

    def test_are_announced_again_after_a_change(self, cart, lamp, commit, run_worker, outbox):
        """A cart that was changed, and then abandoned again, is announced again."""
        run_worker()
        cart.set(lamp, 1)
        run_worker()
        commit(factories.let_time_pass, cart.id, hours=25)
        run_worker()

        amounts = [event.payload["amount_total"] for event in outbox("cart.abandoned")]
        assert amounts == [2_500, 1_250]

    def test_only_what_can_be_bought(self, client, guest, lamp, cart, commit, run_worker, outbox):
        """Carts that are empty, ordered or fresh, or whose variants are off sale, are not."""
        fresh, ordered = Shopper(client), Shopper(client)
        for shopper in (fresh, ordered):
            shopper.add(lamp)
        ordered.check_out(1_250)
        for shopper in (guest, ordered):
            commit(factories.let_time_pass, shopper.id, hours=25)
        commit(factories.withdraw, lamp)

        run_worker()

        assert outbox("cart.abandoned") == []


class TestDeleteExpiredCarts:
    def test_deletes_what_does_not_change(self, client, alice, guest, lamp, commit, run_worker):
        """Carts of any state are deleted 30 days after their last change, and no others."""
        merged, kept = Shopper(client), Shopper(alice)
        merged.add(lamp)
        merge(alice, merged)
        guest.add(lamp)
        for shopper in (guest, merged):
            commit(factories.let_time_pass, shopper.id, days=30, hours=1)
        commit(factories.let_time_pass, kept.id, days=29)

        run_worker()

        found = [shopper.send("GET").status_code for shopper in (guest, merged, kept)]
        assert found == [404, 404, 200]
        assert kept.get()["expires_at"] > kept.get()["updated_at"]
