from mercato_kit.db import new_id, touch
from mercato_orders import facts, timeline
from mercato_orders.access import SYSTEM

from .factories import find_order

PARCEL, LINE, PAYMENT = new_id(), new_id(), new_id()


def ship(order_id):
    """Announce that all units of an order are sent."""
    order = find_order(order_id)
    touch(order)
    parcel = facts.of_parcel(PARCEL, 1, {LINE: 2})
    timeline.announce_all(order, SYSTEM, {timeline.SHIPPED: parcel, timeline.COMPLETED: {}})


def fail_refund(order_id):
    """Announce that a refund failed."""
    order = find_order(order_id)
    touch(order)
    failed = facts.of_refund(PARCEL, PAYMENT, 500, [(LINE, "kept", 1, 500)])
    timeline.announce(order, timeline.REFUND_FAILED, SYSTEM, failed)


class TestAnnounce:
    def test_events_have_the_facts_of_their_change(self, commit, alices_order, outbox):
        """Each event has the order and the facts of its own change; so has its entry."""
        commit(ship, alices_order["id"])

        (shipped,), (completed,) = outbox("order.shipped"), outbox("order.completed")
        lines = [{"line_id": str(LINE), "quantity": 2}]
        assert shipped.payload["fulfillment"] == {
            "id": str(PARCEL),
            "sequence": 1,
            "lines": lines,
        }
        assert "fulfillment" not in completed.payload
        assert shipped.payload["number"] == completed.payload["number"] == alices_order["number"]
        assert shipped.aggregate_version == completed.aggregate_version == 2

    def test_entries_for_staff_are_not_public(self, commit, alice, charlie, alices_order):
        """A refund that failed is in the timeline of staff, and not in that of the customer."""
        commit(fail_refund, alices_order["id"])

        path = f"/v1/orders/{alices_order['id']}/events"
        types = [
            [entry["type"] for entry in who.get(path).json["data"]] for who in (alice, charlie)
        ]
        assert types == [["order.placed"], ["order.placed", "order.refund_failed"]]

    def test_reading_the_order_once_is_enough(self, app, commit, alices_order, statements):
        """Two changes at once take one SELECT of the lines more than none."""
        with statements as sent:
            commit(ship, alices_order["id"])

        assert len([text for text in sent if "orders_adjustment" in text]) == 1, sent


class TestFacts:
    def test_have_amounts_and_ids_as_json(self):
        """Ids are text; amounts and units are numbers."""
        order = facts.of_payment(PAYMENT, "manual", 100) | facts.of_lines(1, 50, {LINE: (1, 50)})

        assert order == {
            "payment": {"id": str(PAYMENT), "provider": "manual", "amount": 100},
            "canceled": {
                "sequence": 1,
                "amount": 50,
                "lines": [{"line_id": str(LINE), "quantity": 1, "amount": 50}],
            },
        }
