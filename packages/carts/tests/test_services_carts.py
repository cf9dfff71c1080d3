from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from mercato_carts.access import Caller
from mercato_carts.services import carts
from mercato_kit.db import new_id
from mercato_kit.principals import Principal
from mercato_testing.waiting import wait_for_blocked_transaction

from .factories import Shopper


class TestOpenCart:
    def test_a_guest_gets_a_token(self, client, guest):
        """A guest's cart is found with its token; each request opens another one."""
        other = Shopper(client)

        cart = guest.get()

        assert (cart["id"], cart["customer_id"], cart["lines"]) == (guest.id, None, [])
        assert guest.token != other.token
        assert guest.id != other.id

    def test_a_customer_has_one_open_cart(self, alice, bob):
        """A customer who has an open cart gets it again, without a token."""
        first, again, bobs = Shopper(alice), Shopper(alice, "USD"), Shopper(bob)

        assert first.id == again.id != bobs.id
        assert (again.token, again.get()["currency"]) == (None, "EUR")
        assert again.get()["customer_id"] == str(alice.sub)

    def test_concurrent_requests_open_one_cart(self, as_user):
        """Eight concurrent requests of a customer get one cart."""
        alice = as_user()
        twins = [as_user(sub=alice.sub) for _ in range(8)]

        with ThreadPoolExecutor(8) as pool:
            carts = list(pool.map(Shopper, twins))

        assert len({cart.id for cart in carts}) == 1

    def test_a_cart_that_is_being_ordered_is_followed_by_another(self, as_user, commit):
        """A customer who opens a cart while the last one is ordered waits, and gets a new one."""
        alice = as_user()
        cart = Shopper(alice)
        twin = as_user(sub=alice.sub)

        def order():
            ordered = carts.lock_cart(UUID(cart.id), Caller(Principal(sub=alice.sub)))
            opened = threads.submit(Shopper, twin)
            wait_for_blocked_transaction(opened)
            ordered.status, ordered.order_id = "ordered", new_id()
            return opened

        with ThreadPoolExecutor(1) as threads:
            opened = commit(order).result()

        assert opened.get()["status"] == "open"
        assert opened.id != cart.id

    def test_refuses_an_unknown_currency(self, client):
        """The currency is one of ISO 4217."""
        assert client.post("/v1/carts", json={"currency": "ABC"}).status_code == 422


class TestFindCart:
    def test_others_get_404(self, client, alice, bob, charlie, guest, lamp):
        """A cart of someone else answers 404 on each route, like one that does not exist."""
        alices = Shopper(alice)
        alices.add(lamp)

        for who in (client, bob, charlie):
            stranger = Shopper(who)
            for other in (alices.id, guest.id, new_id()):
                stranger.path = f"/v1/carts/{other}"
                answers = [
                    stranger.send("GET"),
                    stranger.add(lamp),
                    stranger.set(lamp, 2),
                    stranger.remove(lamp),
                    stranger.enter("TEN"),
                    stranger.send("POST", "/quote", {}),
                    stranger.check_out(1_250),
                ]
                assert {answer.status_code for answer in answers} == {404}
        assert alices.quantities() == {lamp: 1}

    def test_a_token_opens_one_cart(self, client, guest):
        """The token of a cart does not open another one, and a wrong one opens none."""
        other = Shopper(client)
        for token in (guest.token, "", "x" * 100):
            other.token = token
            assert other.send("GET").status_code == 404
