"""Units of paid orders are sent, followed and taken back."""

from uuid import UUID

import pytest

from mercato_kit.db import new_id, session
from mercato_kit.events import Event
from mercato_orders.events import send_unshippable

from . import factories, money, parcels
from .fakes import Item
from .parcels import place, send, state, turn, units
from .threads import at_once


@pytest.fixture
def items(commit):
    """The ids of two variants: 12.50 EUR each, 100 in stock."""
    return [commit(factories.make_item, sku=sku) for sku in ("LAMP", "MUG")]


@pytest.fixture
def unpaid(alice, items):
    """The body of an order of alice: three units of one variant, two of another."""
    return place(alice, (items[0], 3), (items[1], 2))


@pytest.fixture
def paid(unpaid, commit):
    """The same order, paid."""
    commit(money.pay, unpaid["id"])
    return unpaid


@pytest.fixture(autouse=True)
def _books(request, commit):
    """After each test, the units of the order agree with its fulfilments and with stock."""
    named = "unpaid" in request.fixturenames
    orders = [request.getfixturevalue("unpaid")] if named else []
    yield
    assert [commit(parcels.books_of, order) for order in orders] == [[]] * len(orders)


class TestFulfill:
    def test_sends_units(self, packer, paid, commit):
        """Units leave stock; the fulfilment has its number, its units and how it is tracked."""
        sent = send(packer, paid, 2, 0, tracking_company="DHL", tracking_number="00340")

        assert sent.status_code == 201, sent.json
        assert packer.get(sent.headers["Location"]).json == sent.json
        assert (sent.json["sequence"], sent.json["status"]) == (1, "shipped")
        assert (sent.json["tracking_company"], sent.json["tracking_number"]) == ("DHL", "00340")
        assert sent.json["lines"] == units(paid, 2, 0)
        assert state(packer, paid) == ("open", "paid", "partially_fulfilled")
        assert commit(parcels.stock_of, paid) == [(98, 1), (100, 2)]

    def test_the_last_unit_completes_the_order(self, packer, paid, commit, outbox):
        """An order is completed by the fulfilment of its last units, and cannot send more."""
        first, last = send(packer, paid, 2, 1), send(packer, paid, 1, 1)
        more = send(packer, paid, 1, 0)

        assert [sent.json["sequence"] for sent in (first, last)] == [1, 2]
        assert state(packer, paid) == ("completed", "paid", "fulfilled")
        assert commit(factories.reservation_status_of, paid["id"]) == "closed"
        assert (more.status_code, more.json["code"]) == (409, "invalid_transition")
        events = outbox()[-3:]
        assert [event.topic for event in events] == [
            "order.shipped",
            "order.shipped",
            "order.completed",
        ]
        assert events[1].payload["fulfillment"] == {
            "id": last.json["id"],
            "sequence": 2,
            "lines": sorted(units(paid, 1, 1), key=lambda line: line["line_id"]),
        }
        assert (
            events[-1].aggregate_version == packer.get(f"/v1/orders/{paid['id']}").json["version"]
        )

    def test_names_lines_with_fewer_units(self, packer, paid, commit):
        """More units than are left are refused, all or none; the lines are named."""
        send(packer, paid, 2, 0)

        refused = send(packer, paid, 2, 1)

        assert (refused.status_code, refused.json["code"]) == (409, "quantity_exceeds_remaining")
        assert refused.json["lines"] == [paid["lines"][0]["id"]]
        assert commit(parcels.stock_of, paid) == [(98, 1), (100, 2)]
        assert send(packer, paid, 1, 2).json["sequence"] == 2

    def test_refuses_unknown_and_repeated_lines(self, packer, paid):
        """A line of another order is refused at its place, and so is a line that is named twice."""
        line = units(paid, 1, 0)[0]
        unknown = {"lines": [line, {"line_id": str(new_id()), "quantity": 1}]}

        answers = [
            packer.post(f"/v1/orders/{paid['id']}/fulfillments", json=body)
            for body in (unknown, {"lines": [line, line]}, {"lines": []}, {})
        ]

        assert [answer.status_code for answer in answers] == [422] * 4
        pointers = [answer.json["errors"][0]["pointer"] for answer in answers]
        assert pointers == ["/lines/1/line_id", "/lines/1/line_id", "/lines", "/lines"]

    def test_sends_only_what_is_paid(self, packer, charlie, unpaid):
        """Units of an unpaid order are not sent, nor those of a canceled one."""
        early = send(packer, unpaid, 1, 0)
        charlie.post(f"/v1/orders/{unpaid['id']}/cancel", json={})
        late = send(packer, unpaid, 1, 0)

        assert (early.status_code, early.json["code"]) == (409, "order_not_paid")
        assert (late.status_code, late.json["code"]) == (409, "invalid_transition")

    def test_sends_only_what_has_arrived(self, packer, paid, items, commit):
        """Units that are on their way to stock are named; nothing is sent."""
        commit(_let_arrive, items[1], missing=99)

        refused = send(packer, paid, 1, 2)

        assert (refused.status_code, refused.json["code"]) == (409, "insufficient_stock")
        assert refused.json["shortages"] == [
            {"variant_id": str(items[1]), "requested": 2, "available_hint": 1}
        ]
        assert state(packer, paid) == ("open", "paid", "unfulfilled")

    def test_needs_units_that_are_reserved(self, packer, paid, commit):
        """If stock no longer knows the units, they are not sent."""
        commit(factories.lose_reservation, paid["id"])

        refused = send(packer, paid, 1, 0)

        assert (refused.status_code, refused.json["code"]) == (409, "invalid_transition")

    def test_canceled_units_are_not_sent(self, packer, charlie, paid):
        """Canceled units cannot be sent; the order is completed without them."""
        body = {"lines": units(paid, 1, 2)}
        charlie.post(f"/v1/orders/{paid['id']}/cancel", json=body)

        refused, sent = send(packer, paid, 3, 0), send(packer, paid, 2, 0)

        assert (refused.status_code, sent.status_code) == (409, 201)
        assert state(packer, paid)[::2] == ("completed", "fulfilled")

    def test_is_for_staff_who_may(self, client, alice, as_user, paid):
        """Guests get 401; the owner and other staff get 403."""
        writer = as_user(permissions=["orders.read", "orders.write", "orders.refund"])

        answers = [send(who, paid, 1, 0).status_code for who in (client, alice, writer)]

        assert answers == [401, 403, 403]

    def test_an_unknown_order_is_not_found(self, packer, paid):
        """An order that does not exist has no units."""
        assert send(packer, paid | {"id": str(new_id())}, 1, 0).status_code == 404


class TestTrack:
    def test_changes_the_tracking(self, packer, paid):
        """The number can be added later, by who has seen the fulfilment; the order has changed."""
        sent = send(packer, paid, 1, 0)
        version = packer.get(f"/v1/orders/{paid['id']}").json["version"]
        place = f"/v1/fulfillments/{sent.json['id']}"

        changed = packer.patch(
            place, json={"tracking_number": "00340"}, headers={"If-Match": sent.headers["ETag"]}
        )
        stale = packer.patch(
            place, json={"tracking_number": "1"}, headers={"If-Match": sent.headers["ETag"]}
        )
        blind = packer.patch(place, json={"tracking_number": "2"})

        assert changed.status_code == 200, changed.json
        assert changed.json["tracking_number"] == "00340"
        assert changed.json["version"] == sent.json["version"] + 1
        assert [stale.status_code, blind.status_code] == [412, 428]
        assert packer.get(place).json == changed.json
        assert packer.get(f"/v1/orders/{paid['id']}").json["version"] > version


class TestDeliver:
    def test_records_the_arrival(self, packer, paid, outbox):
        """A fulfilment arrives once; then it cannot be canceled."""
        sent = send(packer, paid, 1, 0).json

        delivered = turn(packer, sent, "deliver")
        again = [turn(packer, sent, verb).json["code"] for verb in ("deliver", "cancel")]

        assert (delivered.status_code, delivered.json["status"]) == (200, "delivered")
        assert delivered.json["delivered_at"] is not None
        assert again == ["invalid_transition"] * 2
        assert [event.topic for event in outbox()[-2:]] == ["order.shipped", "order.delivered"]
        assert outbox()[-1].payload["fulfillment"]["id"] == sent["id"]

    def test_an_unknown_fulfilment_is_not_found(self, packer):
        """What does not exist cannot arrive."""
        assert turn(packer, {"id": new_id()}, "deliver").status_code == 404


class TestCancel:
    def test_the_units_are_to_be_sent_again(self, packer, paid, commit):
        """Units of a canceled fulfilment are reserved again, and can be sent again."""
        sent = send(packer, paid, 2, 1).json

        canceled = turn(packer, sent, "cancel")
        after = state(packer, paid), commit(parcels.stock_of, paid)
        again = send(packer, paid, 3, 2)

        assert (canceled.status_code, canceled.json["status"]) == (200, "canceled")
        assert after == (("open", "paid", "unfulfilled"), [(100, 3), (100, 2)])
        assert again.status_code == 201, again.json
        assert commit(parcels.stock_of, paid) == [(97, 0), (98, 0)]

    def test_opens_a_completed_order(self, packer, paid, outbox):
        """An order whose last fulfilment is canceled is open again, until the units are sent."""
        sent = send(packer, paid, 3, 2).json

        turn(packer, sent, "cancel")
        opened = packer.get(f"/v1/orders/{paid['id']}").json
        send(packer, paid, 3, 2)

        assert (opened["status"], opened["fulfillment_status"]) == ("open", "unfulfilled")
        assert [event.topic for event in outbox()[-5:]] == [
            "order.shipped",
            "order.completed",
            "order.reopened",
            "order.shipped",
            "order.completed",
        ]

    def test_happens_once(self, packer, paid, commit):
        """A canceled fulfilment cannot be canceled again, nor arrive."""
        sent = send(packer, paid, 2, 0).json
        turn(packer, sent, "cancel")

        again = [turn(packer, sent, verb).json["code"] for verb in ("cancel", "deliver")]

        assert again == ["invalid_transition"] * 2
        assert commit(parcels.stock_of, paid) == [(100, 3), (100, 2)]

    def test_refunded_units_stay_away(self, packer, charlie, paid):
        """A fulfilment of which units were refunded cannot be canceled."""
        sent = send(packer, paid, 2, 0).json
        refund = {"lines": units(paid, 1, 0)}
        charlie.post(f"/v1/orders/{paid['id']}/refunds", json=refund)

        refused = turn(packer, sent, "cancel")

        assert (refused.status_code, refused.json["code"]) == (409, "invalid_transition")


class TestSee:
    def test_owners_see_their_fulfilments(self, alice, bob, packer, paid):
        """The owner and staff see the fulfilments of an order; others see nothing."""
        sent = [send(packer, paid, 1, 0).json, send(packer, paid, 0, 1).json]
        places = f"/v1/orders/{paid['id']}/fulfillments", f"/v1/fulfillments/{sent[0]['id']}"

        listed = [who.get(places[0]).json["data"] for who in (alice, packer)]
        found = [who.get(places[1]).json for who in (alice, packer)]
        hidden = [bob.get(place).status_code for place in places]

        assert listed == [sent] * 2
        assert found == [sent[0]] * 2
        assert hidden == [404, 404]

    def test_guests_see_theirs_with_the_token(self, client, packer, guests_order, commit):
        """The access token of a guest's order shows its fulfilments, and nothing else does."""
        commit(money.pay, guests_order["id"])
        sent = send(packer, guests_order, 1).json
        token = {"Order-Access-Token": guests_order["access_token"]}
        place = f"/v1/fulfillments/{sent['id']}"

        answers = [client.get(place, headers=headers) for headers in (token, None)]

        assert [answer.status_code for answer in answers] == [200, 404]
        assert answers[0].json == sent


class TestUnshippable:
    def test_what_needs_no_shipping_is_sent_when_it_is_paid(
        self, alice, charlie, packer, commit, items, run_worker
    ):
        """A handler of order.paid sends such units once; those that are shipped wait."""
        download = commit(factories.make_item, sku="PDF", requires_shipping=False)
        order = place(alice, (download, 2), (items[0], 1))
        charlie.post(f"/v1/orders/{order['id']}/payments", json={"provider": "desk"})

        run_worker()
        commit(send_unshippable, paid_event(order))

        (sent,) = packer.get(f"/v1/orders/{order['id']}/fulfillments").json["data"]
        assert sent["lines"] == units(order, 2, 0)
        assert commit(parcels.topics, order)[-1] == "order.shipped"
        assert state(packer, order)[::2] == ("open", "partially_fulfilled")

    def test_a_canceled_order_sends_nothing(self, alice, charlie, commit):
        """An order that was canceled before the handler runs sends nothing."""
        download = commit(factories.make_item, sku="PDF", requires_shipping=False)
        order = place(alice, (download, 2))
        commit(money.pay, order["id"])
        charlie.post(f"/v1/orders/{order['id']}/cancel", json={})

        commit(send_unshippable, paid_event(order))

        assert charlie.get(f"/v1/orders/{order['id']}/fulfillments").json["data"] == []


MOST = {"postgresql": [7, 8], "sqlite": [11, 9]}
"""SQLite writes a statement for each table."""


class TestStatements:
    @pytest.mark.parametrize("count", [1, 20])
    def test_they_do_not_grow_with_the_lines(self, alice, packer, commit, statements, count):
        """A fulfilment and its cancellation take 9 statements at most, and those of stock."""
        wanted = [(commit(factories.make_item, sku=f"S-{place}"), 3) for place in range(count)]
        order = place(alice, *wanted)
        commit(money.pay, order["id"])

        with statements as counted:
            sent = send(packer, order, *[1] * count)
        own = [len(_own(counted))]
        with statements as counted:
            turn(packer, sent.json, "cancel")
        own.append(len(_own(counted)))

        assert sent.status_code == 201
        assert own == MOST[commit(lambda: session.get_bind().dialect.name)], counted


class TestRaces:
    def test_units_are_sent_once(self, packer, as_user, paid, commit):
        """Of concurrent fulfilments of more units than there are, as many succeed as there are."""
        clerks = [as_user(permissions=["orders.fulfill"]) for _ in range(8)]

        answers = at_once(*[lambda who=who: send(who, paid, 1, 0) for who in clerks])

        codes = sorted(answer.status_code for answer in answers)
        numbers = sorted(one.json["sequence"] for one in answers if one.status_code == 201)
        assert codes == [201] * 3 + [409] * 5
        assert numbers == [1, 2, 3]
        assert commit(parcels.stock_of, paid) == [(97, 0), (100, 2)]

    def test_a_key_sends_once(self, as_user, paid, commit):
        """Twelve identical requests with one key send the units once, and get the same answer."""
        first = as_user(permissions=["orders.fulfill"])
        twins = [as_user(permissions=["orders.fulfill"], sub=first.sub) for _ in range(12)]
        key = {"Idempotency-Key": "one-parcel-of-twins"}

        answers = at_once(*[lambda who=who: send(who, paid, 1, 1, headers=key) for who in twins])

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.data for answer in answers}) == 1
        assert commit(parcels.stock_of, paid) == [(99, 2), (99, 1)]

    def test_units_are_sent_or_canceled(self, packer, charlie, alice, items, commit):
        """Of a fulfilment and a cancellation of the same units at once, one succeeds."""
        for _ in range(5):
            order = place(alice, (items[0], 2))
            commit(money.pay, order["id"])
            cancel = {"lines": units(order, 2)}

            sent, canceled = at_once(
                lambda order=order: send(packer, order, 2),
                lambda order=order, body=cancel: charlie.post(
                    f"/v1/orders/{order['id']}/cancel", json=body
                ),
            )

            assert sorted([sent.status_code // 100, canceled.status_code // 100]) == [2, 4]
            assert state(packer, order)[0] == (
                "completed" if sent.status_code == 201 else "canceled"
            )
            assert commit(parcels.books_of, order) == []

    def test_a_fulfilment_is_canceled_once(self, as_user, packer, paid, commit):
        """Of concurrent cancellations of a fulfilment, one succeeds."""
        sent = send(packer, paid, 2, 2).json
        clerks = [as_user(permissions=["orders.fulfill"]) for _ in range(6)]

        answers = at_once(*[lambda who=who: turn(who, sent, "cancel") for who in clerks])

        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
        assert commit(parcels.stock_of, paid) == [(100, 3), (100, 2)]


def paid_event(order):
    """Return the event that an order was paid."""
    return Event(
        topic="order.paid",
        aggregate_type="order",
        aggregate_id=UUID(order["id"]),
        aggregate_version=2,
    )


def _let_arrive(item_id, *, missing):
    """Let all but *missing* units of a variant arrive."""
    session.get_one(Item, item_id).on_its_way = missing


def _own(counted):
    """Return the statements that are not those of the warehouse."""
    return [text for text in counted if "warehouse_" not in text]
