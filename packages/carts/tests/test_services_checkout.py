from concurrent.futures import ThreadPoolExecutor

import pytest

from . import factories
from .factories import Shopper
from .fakes import STANDARD


@pytest.fixture
def cart(alice, lamp):
    """The cart of alice: two lamps for 25.00."""
    shopper = Shopper(alice)
    shopper.add(lamp, 2)
    return shopper


class TestCheckOut:
    def test_orders_the_cart(self, alice, cart, lamp, commit):
        """The order has the lines, the total and the customer; the cart is closed."""
        answer = cart.check_out(2_500, note="Ring twice.")

        (order,) = commit(factories.orders)
        closed = cart.get()
        assert answer.status_code == 200
        assert answer.json == {
            "id": str(order.id),
            "number": 1001,
            "amount_total": 2_500,
            "access_token": None,
        }
        assert (order.customer_id, order.email) == (alice.sub, "alice@example.com")
        assert order.data["lines"] == {str(lamp): 2}
        assert order.data["note"] == "Ring twice."
        assert (closed["status"], closed["order_id"]) == ("ordered", str(order.id))
        assert cart.add(lamp).json["code"] == "cart_closed"

    def test_a_guest_gets_the_token_of_the_order(self, guest, lamp, commit):
        """A guest names an address for mail, and gets the secret of the order each time."""
        guest.add(lamp)

        first, again = (guest.check_out(1_250) for _ in range(2))

        (order,) = commit(factories.orders)
        assert first.json == again.json
        assert first.json["access_token"] == f"secret of {order.id}"
        assert order.email == "guest@example.com"

    def test_a_cart_is_ordered_once(self, as_user, lamp, commit):
        """Eight concurrent checkouts place one order and get the same answer."""
        alice = as_user()
        twins = [Shopper(as_user(sub=alice.sub)) for _ in range(8)]
        twins[0].add(lamp)

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda twin: twin.check_out(1_250), twins))

        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.data for answer in answers}) == 1
        assert len(commit(factories.orders)) == 1

    def test_a_new_cart_follows(self, alice, cart, lamp):
        """After the checkout, the customer opens another cart."""
        cart.check_out(2_500)

        assert Shopper(alice).id != cart.id

    def test_sends_the_codes_that_apply(self, cart, commit):
        """Codes that do not apply, or take nothing off, are not sent with the order."""
        cart.enter("GONE", "TEN", "NONE", "IDLE")

        answer = cart.check_out(2_250 + 490, shipping_method=STANDARD)

        (order,) = commit(factories.orders)
        assert (answer.status_code, order.data["codes"]) == (200, ["TEN"])

    def test_refuses_another_total(self, cart, lamp, commit):
        """An order that costs something else than the customer saw is refused with the total."""
        commit(factories.change_item, lamp, unit_amount=1_300)

        refused = cart.check_out(2_500)

        assert (refused.status_code, refused.json["code"]) == (409, "checkout_refused")
        assert refused.json["reason"] == "price_changed"
        assert refused.json["details"] == {"amount_total": 2_600}
        assert cart.get()["status"] == "open"
        assert cart.check_out(2_600).status_code == 200

    def test_refuses_what_cannot_be_bought(self, cart, lamp, mug, commit):
        """A line that is off sale or short is not left out silently."""
        cart.add(mug)
        commit(factories.change_item, mug, in_stock=0)
        short = cart.check_out(2_900)
        commit(factories.withdraw, mug)

        gone = cart.check_out(2_500)

        assert short.json["reason"] == "insufficient_stock"
        assert gone.json["reason"] == "variant_unavailable"
        assert gone.json["details"] == {"variant_ids": [str(mug)]}
        assert commit(factories.orders) == []

    def test_refuses_wrong_values_at_their_pointers(self, guest, lamp):
        """What orders finds wrong is wrong at the same pointer of this request."""
        guest.add(lamp)

        no_email = guest.check_out(1_250, email=None)
        no_method = guest.check_out(1_250, shipping_method="post.rocket")

        for refused, pointer in ((no_email, "/email"), (no_method, "/shipping_method")):
            assert refused.status_code == 422
            assert [error["pointer"] for error in refused.json["errors"]] == [pointer]

    def test_order_mail_goes_to_the_account(self, cart, commit):
        """A customer with a verified address cannot name another one, nor another spelling."""
        refused = cart.check_out(2_500, email="bob@example.com")

        assert refused.json["errors"][0]["code"] == "not_yours"
        assert cart.check_out(2_500, email="Alice@Example.com").status_code == 200
        assert [order.email for order in commit(factories.orders)] == ["alice@example.com"]

    def test_refuses_an_empty_cart(self, guest):
        """A cart without lines cannot be ordered."""
        assert guest.check_out(0).json["code"] == "cart_empty"
