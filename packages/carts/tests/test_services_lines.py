import pytest

from mercato_kit.db import new_id

from . import factories


class TestAddUnits:
    def test_adds_units(self, guest, lamp, mug):
        """Units of one variant are summed; the answer is the cart with its price."""
        guest.add(lamp)
        guest.add(mug, 2)

        cart = guest.add(lamp, 2).json

        assert cart == guest.get()
        assert guest.quantities() == {lamp: 3, mug: 2}
        assert (cart["totals"]["amount_total"], cart["changes"]) == (4_550, [])
        line = cart["lines"][0]
        assert (line["sku"], line["name"], line["variant_name"]) == ("LAMP", "Product LAMP", "Oak")
        assert (line["price"]["unit_amount"], line["price"]["amount_total"]) == (1_250, 3_750)

    def test_is_idempotent(self, guest, lamp):
        """A repeated request adds once."""
        key = {"Idempotency-Key": "an-idempotency-key-01"}

        first, again = (guest.add(lamp, **key) for _ in range(2))

        assert first.data == again.data
        assert guest.quantities() == {lamp: 1}

    def test_refuses_what_is_not_for_sale(self, guest, commit):
        """Unknown variants, and those without a price in the currency, are refused."""
        dollars = commit(factories.make_item, currency="USD")

        for variant_id in (dollars, new_id()):
            refused = guest.add(variant_id)
            assert (refused.status_code, refused.json["code"]) == (409, "variant_unavailable")

    def test_refuses_more_units_than_an_order_has(self, guest, lamp):
        """A line has at most 999 units."""
        guest.add(lamp, 999)

        refused = guest.add(lamp)

        assert (refused.status_code, refused.json["code"]) == (409, "cart_full")
        assert guest.quantities() == {lamp: 999}

    def test_refuses_more_lines_than_an_order_has(self, guest, lamp, commit):
        """A cart has at most 100 lines; units of these can still be added."""
        items = commit(lambda: [factories.make_item() for _ in range(100)])
        for item in items:
            guest.add(item)

        assert guest.add(lamp).json["code"] == "cart_full"
        assert guest.add(items[0]).status_code == 200

    @pytest.mark.parametrize("quantity", [0, -1, 1_000, 1.5, "1", None])
    def test_input_is_strict(self, guest, lamp, quantity):
        """Quantities are whole numbers from 1 to 999."""
        assert guest.add(lamp, quantity).status_code == 422


class TestSetQuantity:
    def test_sets_units(self, guest, lamp):
        """Units are replaced; a variant that is not in the cart is added."""
        guest.set(lamp, 5)

        guest.set(lamp, 2)

        assert guest.quantities() == {lamp: 2}

    def test_takes_the_price_as_seen(self, guest, lamp, commit):
        """A changed price is named until the line is set."""
        guest.add(lamp)
        commit(factories.change_item, lamp, unit_amount=1_500)
        named = guest.get()["changes"]

        changed = guest.set(lamp, 1).json

        price_changed = {"code": "price_changed", "before": 1_250, "after": 1_500}
        assert named == [{**price_changed, "variant_id": str(lamp)}]
        assert changed["changes"] == []


class TestRemoveLine:
    def test_removes_a_line(self, guest, lamp, mug, commit):
        """A line can be removed, also when its variant is not for sale."""
        guest.add(lamp)
        guest.add(mug)
        commit(factories.withdraw, lamp)

        answer = guest.remove(lamp)

        assert (answer.status_code, guest.quantities()) == (200, {mug: 1})
        assert guest.remove(lamp).status_code == 404


class TestSetCodes:
    def test_keeps_what_does_not_apply(self, guest, lamp):
        """Each code is kept with the reason why it does not apply, and the others reduce."""
        guest.add(lamp, 2)

        cart = guest.enter("GONE", "NONE", "TEN", "IDLE").json

        codes = {one["code"]: (one["applies"], one["reason"]) for one in cart["codes"]}
        assert codes == {
            "GONE": (False, "used_up"),
            "NONE": (False, "unknown"),
            "TEN": (True, None),
            "IDLE": (False, "no_effect"),
        }
        assert cart["totals"]["amount_discount"] == 250
        assert all(one["applies"] or one["detail"] for one in cart["codes"])

    def test_replaces_codes(self, guest, lamp):
        """Codes that are not sent are removed."""
        guest.add(lamp)
        guest.enter("TEN")

        assert guest.enter().json["codes"] == []

    def test_input_is_strict(self, guest):
        """A cart has at most 10 codes, of 1 to 100 characters."""
        assert guest.enter(*["TEN"] * 11).status_code == 422
        assert guest.enter("").status_code == 422
        assert guest.enter("X" * 101).status_code == 422
