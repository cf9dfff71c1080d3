from concurrent.futures import ThreadPoolExecutor

from mercato_kit.db import new_id

from . import factories
from .factories import Shopper, merge


class TestMergeCart:
    def test_loses_no_line(self, alice, guest, lamp, mug, commit):
        """Units are summed, other lines are moved, and codes are joined."""
        desk = commit(factories.make_item, sku="DESK")
        own = Shopper(alice)
        own.add(lamp, 2)
        own.add(desk)
        own.enter("TEN", "GONE")
        guest.add(lamp, 3)
        guest.add(mug)
        guest.enter("GONE", "IDLE")

        merged = merge(alice, guest)

        assert (merged.status_code, merged.json["id"]) == (200, own.id)
        assert merged.json == own.get()
        assert own.quantities() == {lamp: 5, desk: 1, mug: 1}
        assert [one["code"] for one in own.get()["codes"]] == ["TEN", "GONE", "IDLE"]

    def test_a_customer_without_a_cart_gets_one(self, alice, guest, lamp):
        """The lines go to a new cart in the guest's currency."""
        guest.add(lamp)

        merged = merge(alice, guest).json

        assert (merged["customer_id"], merged["currency"]) == (str(alice.sub), "EUR")
        assert Shopper(alice).quantities() == {lamp: 1}

    def test_a_repeated_call_changes_nothing(self, alice, guest, lamp):
        """The second call returns the cart as it is."""
        guest.add(lamp)

        first, again = (merge(alice, guest) for _ in range(2))

        assert first.json == again.json
        assert Shopper(alice).quantities() == {lamp: 1}

    def test_concurrent_calls_merge_once(self, as_user, guest, lamp):
        """Eight concurrent calls add the lines once."""
        alice = as_user()
        twins = [as_user(sub=alice.sub) for _ in range(8)]
        guest.add(lamp, 2)

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda who: merge(who, guest), twins))

        assert {answer.status_code for answer in answers} == {200}
        assert Shopper(alice).quantities() == {lamp: 2}

    def test_the_merged_cart_is_closed(self, alice, guest, lamp, mug):
        """A merged cart has no lines and no price, and cannot be changed or ordered."""
        guest.add(lamp)
        merge(alice, guest)

        answers = [guest.add(mug), guest.enter("TEN"), guest.check_out(1_250)]

        cart = guest.get()
        assert (cart["status"], cart["lines"], cart["totals"]) == ("merged", [], None)
        assert {answer.json["code"] for answer in answers} == {"cart_closed"}

    def test_sums_up_to_what_an_order_has(self, alice, guest, lamp):
        """A line has at most 999 units."""
        own = Shopper(alice)
        own.add(lamp, 600)
        guest.add(lamp, 600)

        merge(alice, guest)

        assert own.quantities() == {lamp: 999}

    def test_a_merged_cart_may_be_too_long_for_an_order(self, alice, guest, commit):
        """All lines are kept; the price says why there is none."""
        own = Shopper(alice)
        for shopper in (own, guest):
            for item in commit(lambda: [factories.make_item() for _ in range(51)]):
                shopper.add(item)

        cart = merge(alice, guest).json

        assert (len(cart["lines"]), cart["refusal"]) == (102, "validation_failed")

    def test_a_cart_does_not_grow_without_end(self, alice, guest, client, commit):
        """A cart that is too long for an order takes no further one, and none over 10 codes."""
        own, other = Shopper(alice), Shopper(client)
        for shopper in (own, guest):
            for item in commit(lambda: [factories.make_item() for _ in range(51)]):
                shopper.add(item)
        own.enter(*(f"A{number}" for number in range(6)))
        guest.enter(*(f"B{number}" for number in range(6)))
        other.add(commit(factories.make_item))
        joined = merge(alice, guest).json["codes"]

        refused = merge(alice, other)

        assert [one["code"] for one in joined][-2:] == ["B2", "B3"]
        assert (refused.status_code, refused.json["code"]) == (409, "cart_full")
        assert (len(own.get()["lines"]), other.get()["status"]) == (102, "open")

    def test_another_currency(self, alice, client, commit):
        """Lines of a cart in another currency are kept, and priced in that of the customer."""
        item = commit(factories.make_item)
        dollars = commit(factories.make_item, currency="USD")
        own, guest = Shopper(alice), Shopper(client, "USD")
        own.add(item)
        guest.add(dollars)

        cart = merge(alice, guest).json

        assert own.quantities() == {item: 1, dollars: 1}
        assert [one["code"] for one in cart["changes"]] == ["unavailable"]

    def test_needs_both_credentials(self, client, alice, bob, guest, lamp):
        """Guests get 401; without the token of the cart, or with the cart of another, 404."""
        guest.add(lamp)
        alices = Shopper(alice)

        assert merge(client, guest).status_code == 401
        guest.token = None
        assert merge(alice, guest).status_code == 404
        assert merge(bob, alices).status_code == 404
        alices.id = new_id()
        assert merge(alice, alices).status_code == 404

    def test_an_own_cart_stays(self, alice, lamp):
        """Merging the customer's own cart changes nothing."""
        own = Shopper(alice)
        own.add(lamp)

        assert merge(alice, own).json == own.get()

    def test_an_ordered_cart_is_not_merged(self, alice, guest, lamp):
        """What a guest has ordered does not come back into a cart."""
        guest.add(lamp)
        guest.check_out(1_250)

        assert merge(alice, guest).json["code"] == "cart_closed"
