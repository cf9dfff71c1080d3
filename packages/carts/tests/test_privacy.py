from uuid import UUID

from mercato_carts.privacy import PERSONAL_DATA, erase
from mercato_kit.privacy import Subject
from mercato_testing.privacy import exported

from .factories import Shopper, merge


class TestExport:
    def test_exports_carts_of_the_customer(self, alice, bob, lamp, commit):
        """The export has the customer's carts with their lines and codes."""
        own = Shopper(alice)
        own.add(lamp, 2)
        own.enter("TEN")
        Shopper(bob)

        (cart,) = commit(exported, PERSONAL_DATA, Subject(alice.sub))["carts"]

        assert (cart["id"], cart["codes"], cart["status"]) == (own.id, ["TEN"], "open")
        assert [(line["sku"], line["quantity"]) for line in cart["lines"]] == [("LAMP", 2)]


class TestErase:
    def test_deletes_carts_of_the_user(self, alice, bob, guest, lamp, commit):
        """The carts of the person and those merged into them are deleted."""
        own, bobs = Shopper(alice), Shopper(bob)
        own.add(lamp)
        bobs.add(lamp)
        merge(alice, guest)

        erased = commit(erase, Subject(alice.sub))

        assert (erased.ids, erased.counts) == ([UUID(own.id)], {"carts": 1})
        found = [shopper.send("GET").status_code for shopper in (own, guest, bobs)]
        assert found == [404, 404, 200]
