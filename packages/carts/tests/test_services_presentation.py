from . import factories
from .factories import ADDRESS, Shopper
from .fakes import STANDARD


class TestShowCart:
    def test_names_what_cannot_be_bought(self, guest, lamp, mug, commit):
        """A variant that is off sale stays without a price, and the others are priced."""
        guest.add(lamp)
        guest.add(mug)
        commit(factories.withdraw, lamp)

        cart = guest.get()

        assert [line["price"] is None for line in cart["lines"]] == [True, False]
        assert [(one["code"], one["variant_id"]) for one in cart["changes"]] == [
            ("unavailable", str(lamp))
        ]
        assert cart["totals"]["amount_total"] == 400

    def test_names_what_is_short(self, guest, lamp, commit):
        """A line with more units than there are in stock is named."""
        guest.add(lamp, 5)
        commit(factories.change_item, lamp, in_stock=4)

        (change,) = guest.get()["changes"]

        assert change["code"] == "insufficient_stock"

    def test_a_cart_with_nothing_to_buy(self, guest, lamp, commit):
        """An empty cart, and one whose variants are off sale, have no totals and no refusal."""
        empty = guest.get()
        guest.add(lamp)
        commit(factories.withdraw, lamp)

        sold_out = guest.get()

        assert (empty["totals"], empty["refusal"]) == (None, None)
        assert (sold_out["totals"], sold_out["refusal"]) == (None, None)

    def test_a_cart_that_orders_refuses_is_shown(self, guest, lamp):
        """A price that is refused has the code of the problem; lines and codes are shown."""
        guest.add(lamp)
        guest.enter("TEN")

        answer = guest.send("POST", "/quote", {"shipping_method": "post.rocket"})

        cart = answer.json
        assert answer.status_code == 200
        assert (cart["refusal"], cart["totals"]) == ("unknown_shipping_method", None)
        assert [line["price"] for line in cart["lines"]] == [None]
        assert [one["applies"] for one in cart["codes"]] == [False]

    def test_prices_for_an_address(self, guest, lamp):
        """With an address there are shipping methods; with one of them, its price."""
        guest.add(lamp)
        wishes = {"shipping_address": ADDRESS, "shipping_method": STANDARD}

        cart = guest.send("POST", "/quote", wishes).json

        assert [method["code"] for method in cart["shipping_methods"]] == [STANDARD]
        assert (cart["totals"]["amount_shipping"], cart["totals"]["amount_total"]) == (490, 1_740)
        assert guest.get()["totals"]["amount_total"] == 1_250

    def test_statements_do_not_grow_with_the_lines(self, alice, commit, statements):
        """A cart is read and priced with the same number of statements for 1 line and for 20."""
        cart, sent = Shopper(alice), []
        for count in (1, 19):
            for item in commit(lambda count=count: [factories.make_item() for _ in range(count)]):
                cart.add(item)
            with statements as counted:
                cart.get()
            sent.append(len(counted))

        assert sent[0] == sent[1] <= 4, counted
