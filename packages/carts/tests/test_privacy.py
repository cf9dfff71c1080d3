from mercato_carts.privacy import export_subject
from mercato_kit.events import Event
from mercato_kit.outbox import publish

from .factories import Shopper, merge


class TestExportSubject:
    def test_exports_carts_of_the_customer(self, alice, bob, lamp, commit):
        """The export has the customer's carts with their lines and codes."""
        own = Shopper(alice)
        own.add(lamp, 2)
        own.enter("TEN")
        Shopper(bob)

        (cart,) = commit(export_subject, alice.sub)["carts"]

        assert (cart["id"], cart["codes"], cart["status"]) == (own.id, ["TEN"], "open")
        assert [(line["sku"], line["quantity"]) for line in cart["lines"]] == [("LAMP", 2)]


class TestForgetCustomer:
    def test_deletes_carts_of_the_user(self, alice, bob, guest, lamp, commit, run_worker):
        """When a user is erased, their carts and those merged into them are deleted."""
        own, bobs = Shopper(alice), Shopper(bob)
        own.add(lamp)
        bobs.add(lamp)
        merge(alice, guest)
        erased = Event(
            topic="user.erased", aggregate_type="user", aggregate_id=alice.sub, aggregate_version=2
        )

        commit(publish, erased)
        run_worker()

        found = [shopper.send("GET").status_code for shopper in (own, guest, bobs)]
        assert found == [404, 404, 200]
