"""An authorized payment is captured before units are sent."""

import pytest

from mercato_contracts.payments import Refused, Unknown
from mercato_kit.db import session
from mercato_orders import services

from . import factories, money, parcels
from .bank import AFTER, BANK
from .fakes import Item
from .parcels import place, send, state, turn, units
from .threads import at_once


@pytest.fixture
def authorized(alice, commit):
    """The body of an authorized order: three units for 12.50 EUR, two more, and shipping."""
    items = [commit(factories.make_item, sku=sku) for sku in ("LAMP", "MUG")]
    order = place(alice, (items[0], 3), (items[1], 2))
    commit(money.add_shipping, order["id"], 490, 0)
    commit(money.pay, order["id"], authorize=True)
    return order


@pytest.fixture(autouse=True)
def _books(authorized, commit):
    """After each test, the units of the order agree with its fulfilments and with stock."""
    yield
    assert commit(parcels.books_of, authorized) == []


class TestCapture:
    def test_each_fulfilment_captures_its_part(self, packer, authorized, commit, outbox):
        """The first one captures shipping, too; the last one is final, and the order is paid."""
        first = send(packer, authorized, 2, 0)
        between = state(packer, authorized), commit(parcels.captured, authorized)
        last = send(packer, authorized, 1, 2)

        assert [sent.status_code for sent in (first, last)] == [201, 201]
        assert [sent.json["status"] for sent in (first, last)] == ["shipped"] * 2
        assert between == (
            ("open", "authorized", "partially_fulfilled"),
            (490 + 2_500, 0, "authorized"),
        )
        assert commit(parcels.captures, authorized) == [
            (490 + 2_500, False, "succeeded"),
            (3 * 1_250, True, "succeeded"),
        ]
        assert state(packer, authorized) == ("completed", "paid", "fulfilled")
        assert commit(parcels.captured, authorized) == (6_740, 0, "captured")
        assert BANK.moved() == 6_740
        topics = {event.topic for event in outbox()}
        assert {"order.paid", "order.shipped", "order.completed"} <= topics

    def test_units_of_a_canceled_fulfilment_are_not_captured_twice(
        self, packer, authorized, commit
    ):
        """Units that are sent again cost nothing more."""
        sent = send(packer, authorized, 2, 0).json
        turn(packer, sent, "cancel")

        again, more = send(packer, authorized, 2, 0), send(packer, authorized, 0, 1)

        assert [one.status_code for one in (again, more)] == [201, 201]
        assert [amount for amount, *_ in commit(parcels.captures, authorized)] == [2_990, 1_250]

    def test_a_provider_that_captures_once_captures_all(
        self, packer, authorized, commit, captures_once
    ):
        """The first fulfilment captures all that is due; the next ones capture nothing."""
        first, last = send(packer, authorized, 1, 0), send(packer, authorized, 2, 2)

        assert [sent.status_code for sent in (first, last)] == [201, 201]
        assert commit(parcels.captures, authorized) == [(6_740, True, "succeeded")]
        assert state(packer, authorized) == ("completed", "paid", "fulfilled")

    @pytest.fixture
    def captures_once(self):
        """Let the bank capture once."""
        before = BANK.capabilities
        BANK.capabilities = type(before)(authorize=True, partial_capture=True)
        yield
        BANK.capabilities = before

    def test_a_provider_that_was_removed(self, packer, authorized, commit):
        """Nothing is sent before the provider of the payment is enabled again."""
        commit(money.change_payment, authorized["id"], provider="gone")

        sent = send(packer, authorized, 1, 0)

        assert (sent.status_code, sent.json["code"]) == (409, "invalid_transition")

    def test_canceled_units_are_not_captured(self, packer, charlie, authorized, commit):
        """The price of units that were canceled before is never captured."""
        cancel = {"lines": units(authorized, 1, 2)}
        charlie.post(f"/v1/orders/{authorized['id']}/cancel", json=cancel)

        sent = send(packer, authorized, 2, 0)

        assert sent.status_code == 201, sent.json
        assert commit(parcels.captures, authorized) == [(2_990, True, "succeeded")]
        assert state(packer, authorized) == ("completed", "paid", "fulfilled")


class TestRefused:
    def test_units_are_given_back(self, packer, authorized, commit):
        """A refusal of the provider is 402, and its answer is kept; the units can be sent later."""
        BANK.next("capture", Refused("insufficient_funds"))
        key = {"Idempotency-Key": "one-parcel-refused"}

        refused, replayed = (send(packer, authorized, 2, 0, headers=key) for _ in range(2))
        (parcel,) = packer.get(f"/v1/orders/{authorized['id']}/fulfillments").json["data"]
        later = send(packer, authorized, 3, 2)

        assert (refused.status_code, refused.json["code"]) == (402, "payment_declined")
        assert refused.json["error_code"] == "insufficient_funds"
        assert replayed.status_code == 402
        assert parcel["status"] == "canceled"
        assert [status for *_, status in commit(parcels.captures, authorized)] == [
            "failed",
            "succeeded",
        ]
        assert later.json["status"] == "shipped"

    def test_units_that_have_not_arrived_are_given_back(self, packer, authorized, commit):
        """Money is captured, but units are still to be sent: 409; then they cost nothing more."""
        item = authorized["lines"][0]["variant_id"]
        commit(_let_arrive, item, missing=99)

        refused = send(packer, authorized, 2, 0)
        after = commit(parcels.captured, authorized)
        commit(_let_arrive, item, missing=0)
        sent = send(packer, authorized, 2, 0)

        assert (refused.status_code, refused.json["code"]) == (409, "insufficient_stock")
        assert after == (2_990, 0, "authorized")
        assert sent.json["status"] == "shipped"
        assert len(commit(parcels.captures, authorized)) == 1

    def test_money_counts_without_units(self, packer, authorized, commit):
        """If stock no longer knows the units, they are not sent, but the capture is recorded."""
        commit(factories.lose_reservation, authorized["id"])

        refused = send(packer, authorized, 2, 0)

        (parcel,) = packer.get(f"/v1/orders/{authorized['id']}/fulfillments").json["data"]
        assert (refused.status_code, parcel["status"]) == (409, "canceled")
        assert commit(parcels.captured, authorized) == (2_990, 0, "authorized")


class TestLostAnswer:
    @pytest.fixture
    def pending(self, packer, authorized):
        """A fulfilment whose capture has an effect, and whose answer is lost."""
        BANK.next("capture", AFTER)
        return send(packer, authorized, 2, 0).json

    def test_it_is_pending(self, packer, charlie, authorized, pending, commit):
        """Its units are taken, and neither sent, captured nor canceled meanwhile."""
        more = send(packer, authorized, 0, 1)
        too_many = send(packer, authorized, 2, 0)
        turned = [turn(packer, pending, verb) for verb in ("cancel", "deliver")]
        cancel = f"/v1/orders/{authorized['id']}/cancel"
        canceled = [
            charlie.post(cancel, json=body) for body in ({}, {"lines": units(authorized, 0, 1)})
        ]

        refused = [more, *turned, *canceled]
        assert (pending["status"], pending["shipped_at"]) == ("pending", None)
        assert commit(parcels.stock_of, authorized) == [(100, 3), (100, 2)]
        assert [one.json["code"] for one in refused] == ["invalid_transition"] * 5
        assert too_many.json["code"] == "quantity_exceeds_remaining"
        assert state(packer, authorized) == ("open", "authorized", "unfulfilled")

    def test_evidence_sends_it(self, packer, authorized, pending, commit):
        """What the provider says later of the payment sends the units, once."""
        payment_id = next(iter(BANK.accounts))

        for _ in range(2):
            commit(services.settle, payment_id, BANK.accounts[payment_id].snapshot())

        sent = packer.get(f"/v1/fulfillments/{pending['id']}").json
        assert sent["status"] == "shipped"
        assert commit(parcels.stock_of, authorized) == [(98, 1), (100, 2)]
        assert commit(parcels.topics, authorized).count("order.shipped") == 1

    def test_a_capture_that_never_arrived_is_open(self, packer, authorized, commit):
        """If the provider has no capture, nothing is decided: it stays pending."""
        BANK.next("capture", Unknown("no answer"))
        pending = send(packer, authorized, 2, 0).json
        payment_id = next(iter(BANK.accounts))

        commit(services.settle, payment_id, BANK.accounts[payment_id].snapshot())

        assert packer.get(f"/v1/fulfillments/{pending['id']}").json["status"] == "pending"
        assert commit(parcels.captured, authorized) == (0, 2_990, "authorized")

    def test_an_authorisation_that_ends_gives_the_units_back(self, packer, authorized, commit):
        """If the provider has closed the payment without a capture, nothing is sent any more."""
        BANK.next("capture", Unknown("no answer"))
        pending = send(packer, authorized, 2, 0).json
        payment_id = next(iter(BANK.accounts))
        BANK.accounts[payment_id].state = "canceled"

        commit(services.settle, payment_id, BANK.accounts[payment_id].snapshot())

        assert packer.get(f"/v1/fulfillments/{pending['id']}").json["status"] == "canceled"
        assert commit(parcels.captured, authorized)[:2] == (0, 0)
        assert commit(parcels.stock_of, authorized) == [(100, 0), (100, 0)]
        assert state(packer, authorized)[0] == "canceled"

    @pytest.mark.parametrize("ended", ["captured", "canceled"])
    def test_an_authorisation_that_ends_completes_what_was_sent(
        self, packer, authorized, commit, outbox, ended
    ):
        """Units that were not sent are canceled; those that were sent are all that is paid for."""
        send(packer, authorized, 2, 0)
        payment_id = next(iter(BANK.accounts))
        BANK.accounts[payment_id].state = ended

        commit(services.settle, payment_id, BANK.accounts[payment_id].snapshot())

        assert state(packer, authorized) == ("completed", "paid", "fulfilled")
        assert commit(parcels.captured, authorized) == (2_990, 0, "captured")
        assert commit(parcels.stock_of, authorized) == [(98, 0), (100, 0)]
        assert commit(money.books_of, authorized["id"]) == []
        topics = [event.topic for event in outbox()]
        assert [topics.count(f"order.{it}") for it in ("paid", "completed")] == [1, 1]


class TestTwins:
    def test_a_key_captures_and_sends_once(self, as_user, authorized, commit):
        """Of twelve identical requests with one key, one captures; the others wait or repeat it."""
        first = as_user(permissions=["orders.fulfill"])
        twins = [as_user(permissions=["orders.fulfill"], sub=first.sub) for _ in range(12)]
        key = {"Idempotency-Key": "one-captured-parcel"}

        answers = at_once(
            *[lambda who=who: send(who, authorized, 1, 1, headers=key) for who in twins]
        )
        last = send(first, authorized, 1, 1, headers=key)

        refused = {one.json["code"] for one in answers if one.status_code != 201}
        sent = {one.data for one in answers if one.status_code == 201}
        assert refused <= {"idempotency_in_progress"}
        assert sent == {last.data}
        assert commit(parcels.captures, authorized) == [(490 + 2_500, False, "succeeded")]
        assert commit(parcels.stock_of, authorized) == [(99, 2), (99, 1)]


class TestRequest:
    @pytest.fixture
    def settings(self):
        """Staff capture payments themselves."""
        return {"capture_at": "request"}

    def test_staff_capture_before(self, packer, authorized):
        """With capture_at "request", an authorized order is not sent."""
        refused = send(packer, authorized, 1, 0)

        assert (refused.status_code, refused.json["code"]) == (409, "order_not_paid")


class TestStatements:
    def test_each_transaction_takes_14(self, packer, authorized, statements, commit):
        """Two transactions and a read, of 14 statements at most each, besides those of stock.

        They complete the order, which is paid then.
        """
        with statements as counted:
            sent = send(packer, authorized, 3, 2)

        own = [text for text in counted if "warehouse_" not in text]
        assert sent.status_code == 201
        assert len(own) <= MOST[commit(lambda: session.get_bind().dialect.name)], counted


MOST = {"postgresql": 22, "sqlite": 28}
"""SQLite writes a statement for each table."""


def _let_arrive(item_id, *, missing):
    """Let all but *missing* units of a variant arrive."""
    session.get_one(Item, factories.UUID(item_id)).on_its_way = missing
