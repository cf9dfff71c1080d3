from uuid import UUID

import pytest
import sqlalchemy as sa

from mercato_contracts.payments import Notice
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.privacy import Retained, Subject
from mercato_orders import services
from mercato_orders.models import Payment, PaymentEvent, SearchWord
from mercato_orders.privacy import PERSONAL_DATA, erase, find
from mercato_orders.services.inbox import store_events
from mercato_testing.privacy import exported

from . import factories, money
from .factories import order_of

WAITS = [Retained("open_order", None, 1)]


@pytest.fixture
def expired(item, commit):
    """A function that makes an order of a client, which expired unpaid; returns its body."""

    def make(client, **members):
        order = client.post("/v1/orders", json=order_of((item, 2), **members)).json
        commit(factories.let_time_pass, order["id"])
        commit(services.expire_order, UUID(order["id"]))
        return order

    return make


class TestErase:
    def test_erases_personal_data_and_keeps_amounts(self, alice, charlie, expired, commit):
        """When a user is erased, their orders keep only number, amounts, lines and country."""
        members = {"note": "Ring twice", "metadata": {"gift": "yes"}, "tax_id": "IT00743110157"}
        before = expired(alice, billing_address=factories.ADDRESS, **members)

        erased = commit(erase, Subject(alice.sub))

        assert (erased.ids, erased.counts) == ([UUID(before["id"])], {"orders": 1})
        assert erased.waiting == []
        order = charlie.get(f"/v1/orders/{before['id']}").json
        for name in ("customer_email", "customer_name", "note", "tax_id"):
            assert order[name] is None
        assert order["shipping_address"] == order["billing_address"] == {"country": "IT"}
        assert order["metadata"] == {}
        for kept in ("number", "lines", "amount_total", "currency"):
            assert order[kept] == before[kept]

    def test_keeps_data_of_other_customers(self, bob, charlie, expired, commit):
        """Erasing one customer does not change other customers' orders."""
        order = expired(bob)
        path = f"/v1/orders/{order['id']}"
        before = charlie.get(path).json

        erased = commit(erase, Subject(new_id(), frozenset({"alice@example.com"})))

        assert erased.ids == []
        assert charlie.get(path).json == before

    def test_can_run_again(self, alice, charlie, expired, commit):
        """A second run finds nothing to change."""
        path = f"/v1/orders/{expired(alice)['id']}"
        commit(erase, Subject(alice.sub))
        once = charlie.get(path).json

        commit(erase, Subject(alice.sub))

        assert charlie.get(path).json == once

    def test_leaves_no_words_that_the_order_is_found_by(self, alice, expired, commit):
        """The words of the search go with the names."""
        expired(alice)

        commit(erase, Subject(alice.sub))

        assert commit(lambda: session.scalars(sa.select(SearchWord.word)).all()) == []

    def test_erases_what_providers_wrote(self, alice, sent, commit):
        """Bodies of webhooks, messages of errors and what the customer had to do are gone."""
        commit(_receive, sent["id"])

        commit(erase, Subject(alice.sub))

        assert commit(_written) == [(None, None, None, None, None)]

    def test_keeps_no_body_that_arrives_later(self, alice, sent, commit):
        """A webhook about an erased person is settled, and its body is not stored."""
        commit(erase, Subject(alice.sub))

        commit(_receive_later, sent["id"])

        assert commit(lambda: session.scalars(sa.select(PaymentEvent.body)).all()) == [None]


def _receive_later(order_id):
    """Store an event about the payment of an order, with its body."""
    payment_id = session.scalar(sa.select(Payment.id).where(Payment.order_id == UUID(order_id)))
    notice = Notice(
        event_id="2", type="refunded", payment_id=payment_id, reference=None, snapshot=None
    )
    assert len(store_events("bank", [notice], "Alice")) == 1


def _receive(order_id):
    """Store what a provider sent about the payment of an order."""
    payment = session.scalars(sa.select(Payment).where(Payment.order_id == UUID(order_id))).one()
    payment.next_action, payment.last_error = {"url": "https://bank.example/alice"}, "Alice"
    event = {"provider": "bank", "event_id": "1", "type": "paid", "payment_id": payment.id}
    texts = {"body": "Alice", "snapshot": {"name": "Alice"}, "last_error": "Alice"}
    session.add(PaymentEvent(**event, **texts))


def _written():
    """Return the texts of providers."""
    columns = (PaymentEvent.body, PaymentEvent.snapshot, PaymentEvent.last_error)
    rows = sa.select(*columns, Payment.next_action, Payment.last_error)
    rows = rows.join(Payment, Payment.id == PaymentEvent.payment_id)
    return [tuple(row) for row in session.execute(rows)]


class TestEraseOpenOrders:
    def test_keeps_where_it_is_sent_until_it_is(self, alice, charlie, paid, commit):
        """A paid order is sent to its address; the step waits, and erases that afterwards."""
        path = f"/v1/orders/{paid['id']}"

        first = commit(erase, Subject(alice.sub))
        meanwhile = charlie.get(path).json
        commit(money.ship, paid["id"])
        second = commit(erase, Subject(alice.sub))

        assert first.waiting == WAITS
        assert meanwhile["shipping_address"] == factories.ADDRESS
        assert meanwhile["customer_email"] is None
        assert second.waiting == []
        assert charlie.get(path).json["shipping_address"] == {"country": "IT"}

    def test_waits_until_it_is_canceled(self, alice, alices_order, commit):
        """The owner of an order that is not sent can also cancel it."""
        waiting = commit(erase, Subject(alice.sub)).waiting
        headers = {"Idempotency-Key": str(new_id())}
        path = f"/v1/orders/{alices_order['id']}/cancel"
        alice.post(path, json={"reason": "Alice moved"}, headers=headers)

        assert (waiting, commit(erase, Subject(alice.sub)).waiting) == (WAITS, [])

    def test_of_a_guest_is_found_again(self, guests_order, charlie, commit):
        """A waiting step finds the order by its mailbox, although the address is gone."""
        subject = Subject(emails=frozenset({"guest@example.com"}))
        waiting = commit(erase, subject).waiting
        commit(money.pay, guests_order["id"])
        commit(money.ship, guests_order["id"])

        again = commit(erase, subject)

        assert (waiting, again.waiting, len(again.ids)) == (WAITS, [], 1)
        order = charlie.get(f"/v1/orders/{guests_order['id']}").json
        assert order["shipping_address"] == {"country": "IT"}


class TestSubject:
    def test_of_a_mailbox_are_the_orders_of_guests(self, alice, client, item, commit):
        """An account's order is its owner's, also with the address of another person."""
        own = alice.post("/v1/orders", json=order_of((item, 1))).json
        guests = client.post(
            "/v1/orders", json=order_of((item, 1), email=own["customer_email"])
        ).json

        erased = commit(erase, Subject(emails=frozenset({own["customer_email"]})))

        assert erased.ids == [UUID(guests["id"])]

    def test_of_a_mailbox_are_no_later_orders(self, client, charlie, item, guests_order, commit):
        """While an erasure waits for an open order, a guest orders again: that order stays."""
        subject = Subject(emails=frozenset({"guest@example.com"}), until=utc_now())
        body = order_of((item, 1), email="guest@example.com")
        later = client.post("/v1/orders", json=body).json

        erased = commit(erase, subject)

        assert erased.ids == [UUID(guests_order["id"])]
        path = f"/v1/orders/{later['id']}"
        assert charlie.get(path).json["customer_email"] == "guest@example.com"

    def test_of_one_order_is_that_order(self, client, item, guests_order, commit):
        """An order does not lead to its address, and to other orders of it."""
        client.post("/v1/orders", json=order_of((item, 1), email="guest@example.com"))
        order_id = UUID(guests_order["id"])

        erased = commit(erase, Subject(refs={"orders.order": frozenset({order_id})}))

        assert erased.ids == [order_id]


class TestExport:
    def test_exports_all_orders_of_the_customer(self, alice, bob, item, commit):
        """The export has all orders of the customer, and only theirs, in the format of the API."""
        mine = [alice.post("/v1/orders", json=order_of((item, 1))).json for _ in range(2)]
        bob.post("/v1/orders", json=order_of((item, 1)))

        found = commit(exported, PERSONAL_DATA, Subject(alice.sub))

        assert [order["number"] for order in found["orders"]] == [o["number"] for o in mine]
        assert found["orders"][0]["lines"][0]["sku"] == "LAMP"

    def test_has_the_text_of_public_notes(self, alice, as_user, alices_order, commit):
        """Notes among staff are the words of others; that there is one is said."""
        clerk = as_user(permissions=["orders.write"])
        path = f"/v1/orders/{alices_order['id']}/notes"
        clerk.post(path, json={"text": "Thank you", "is_public": True})
        clerk.post(path, json={"text": "Seems odd"})

        notes = commit(exported, PERSONAL_DATA, Subject(alice.sub))["notes"]

        assert [note["text"] for note in notes] == ["Thank you", None]


class TestFind:
    def test_finds_an_order_by_its_number(self, guests_order, commit):
        """Operators name an order by its number, and get that order alone."""
        found = commit(find, f"order:{guests_order['number']}")

        assert found == Subject(refs={"orders.order": frozenset({UUID(guests_order["id"])})})

    def test_finds_guests_by_their_mailbox(self, guests_order, alices_order, commit):
        """Operators name guests by an address, in any spelling."""
        assert guests_order["customer_email"] == "guest@example.com"

        found = commit(find, "GUEST@example.com")

        assert found == Subject(emails=frozenset({"guest@example.com"}))
        assert commit(find, alices_order["customer_email"]) is None

    @pytest.mark.parametrize("text", ["order:1", "order:", "order:²", "guest", "a@example.com"])
    def test_finds_nothing_else(self, commit, text):
        """A text that names no order is another feature's, or nothing's."""
        assert commit(find, text) is None
