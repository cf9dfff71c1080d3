"""Refunds by amount, by line, and of all that is left."""

from dataclasses import replace

import pytest

from mercato_contracts.payments import Refused

from . import factories, money
from .bank import DESK
from .factories import order_of
from .refunding import amounts, lines, refund


class TestRefundAnAmount:
    def test_money_goes_back(self, alice, clerk, paid, bank, outbox):
        """The refund succeeds, the order shows it, and one event is published."""
        made = refund(clerk, paid, amount=1_000, reason="Scratched")

        body = made.json
        assert (made.status_code, body["status"], body["amount"]) == (201, "succeeded", 1_000)
        assert (body["source"], body["reason"], body["currency"]) == ("staff", "Scratched", "EUR")
        assert body["lines"] == []
        assert amounts(alice, paid) == ("partially_refunded", 1_000)
        assert bank.moved() == 1_500
        (event,) = outbox("order.refunded")
        assert event.payload["refund"]["amount"] == 1_000

    def test_without_an_amount_it_is_all_that_is_left(self, alice, clerk, paid, bank):
        """A refund without amount and lines gives back the rest."""
        refund(clerk, paid, amount=1)

        rest = refund(clerk, paid)

        assert rest.json["amount"] == 2_499
        assert amounts(alice, paid) == ("refunded", 2_500)
        assert bank.moved() == 0

    @pytest.mark.parametrize("amount", [2_501, 2**53 - 1])
    def test_no_more_than_was_captured(self, alice, clerk, paid, bank, amount):
        """A refund of more than is left is refused, and nothing happens."""
        refused = refund(clerk, paid, amount=amount)

        assert (refused.status_code, refused.json["code"]) == (409, "refund_exceeds_captured")
        assert refused.json["amount_refundable"] == 2_500
        assert amounts(alice, paid) == ("paid", 0)
        assert bank.calls == []

    def test_an_order_that_is_refunded_has_nothing_left(self, clerk, paid):
        """Nothing is refunded twice."""
        refund(clerk, paid)

        answers = [refund(clerk, paid), refund(clerk, paid, amount=1)]

        assert [answer.json["code"] for answer in answers] == ["refund_exceeds_captured"] * 2

    def test_an_unpaid_order_has_nothing_to_refund(self, clerk, alices_order):
        """An order without a captured payment is refused."""
        assert refund(clerk, alices_order).json["code"] == "refund_exceeds_captured"

    def test_a_local_provider_refunds_in_the_transaction(self, alice, clerk, alices_order, commit):
        """A provider on this machine is called before the only commit."""
        commit(money.pay, alices_order["id"], bank=DESK)

        made = refund(clerk, alices_order, amount=500)

        assert (made.status_code, made.json["status"]) == (201, "succeeded")
        assert amounts(alice, alices_order) == ("partially_refunded", 500)
        assert DESK.moved() == 2_000

    def test_a_provider_that_refunds_only_all(self, charlie, paid, bank):
        """A part of the payment is refused before anything is written; all of it goes back."""
        bank.capabilities = replace(bank.capabilities, partial_refund=False)
        units = {"lines": lines(paid, 1)}
        path = f"/v1/orders/{paid['id']}/cancel"

        refused = [
            refund(charlie, paid, amount=5),
            refund(charlie, paid, **units),
            charlie.post(path, json=units),
        ]
        made = refund(charlie, paid)

        pointers = [answer.json["errors"][0]["pointer"] for answer in refused]
        assert pointers == ["/amount", "/lines", "/lines"]
        assert (made.json["status"], bank.moved()) == ("succeeded", 0)

    @pytest.mark.parametrize(
        ("body", "pointer", "code"),
        [
            ({"amount": 0}, "/amount", "min"),
            ({"amount": "5"}, "/amount", "type"),
            ({"amount": 5, "lines": [{"line_id": "line", "quantity": 1}]}, "/amount", "exclusive"),
            ({"amount": 5, "amount_shipping": 5}, "/amount", "exclusive"),
            ({"lines": []}, "/lines", "min_length"),
            ({"lines": [{"line_id": "line", "quantity": 0}]}, "/lines/0/quantity", "min"),
            (
                {"lines": [{"line_id": "line", "quantity": 1}] * 2},
                "/lines/1/line_id",
                "repeated",
            ),
            (
                {"lines": [{"line_id": "order", "quantity": 1}]},
                "/lines/0/line_id",
                "unknown",
            ),
        ],
    )
    def test_wrong_input_is_refused(self, clerk, paid, body, pointer, code):
        """Each mistake is reported at its place."""
        ids = {"line": paid["lines"][0]["id"], "order": paid["id"]}
        for line in body.get("lines", []):
            line["line_id"] = ids.get(line["line_id"], line["line_id"])

        refused = refund(clerk, paid, **body)

        assert refused.status_code == 422, refused.json
        assert [(one["pointer"], one["code"]) for one in refused.json["errors"]] == [
            (pointer, code)
        ]


class TestRefundLines:
    def test_returned_units_are_put_into_stock(self, alice, clerk, sent, item, commit):
        """With restock, units that were sent count as returned and can be sold again."""
        before = commit(factories.count_in_stock, item)

        made = refund(clerk, sent, lines=lines(sent, 1), restock=True)

        order = alice.get(f"/v1/orders/{sent['id']}").json
        (part,) = made.json["lines"]
        assert (part["kind"], part["quantity"], part["amount"]) == ("returned", 1, 1_250)
        assert (made.json["amount"], order["amount_refunded"]) == (1_250, 1_250)
        assert order["lines"][0]["quantity_returned"] == 1
        assert commit(factories.count_in_stock, item) == before + 1
        assert commit(money.books_of, sent["id"]) == []

    def test_an_order_whose_units_all_came_back_is_returned(self, alice, clerk, sent):
        """The fulfilment status says that all units came back."""
        refund(clerk, sent, lines=lines(sent, 2), restock=True)

        order = alice.get(f"/v1/orders/{sent['id']}").json
        assert (order["status"], order["fulfillment_status"]) == ("completed", "returned")

    def test_kept_units_stay_with_the_customer(self, clerk, sent, item, commit):
        """Without restock, the customer keeps the units, and they are refunded once."""
        before = commit(factories.count_in_stock, item)

        made = refund(clerk, sent, lines=lines(sent, 2))
        again = refund(clerk, sent, lines=lines(sent, 1))

        assert [part["kind"] for part in made.json["lines"]] == ["kept"]
        assert commit(factories.count_in_stock, item) == before
        assert again.json["code"] == "quantity_exceeds_remaining"
        assert again.json["lines"] == [sent["lines"][0]["id"]]

    def test_units_that_were_not_sent_are_canceled(self, alice, clerk, paid, item, commit, outbox):
        """Units are taken from those that were sent first; the others never ship."""
        commit(money.ship, paid["id"], LAMP=1)

        made = refund(clerk, paid, lines=lines(paid, 2), restock=True)

        order = alice.get(f"/v1/orders/{paid['id']}").json
        parts = [(part["kind"], part["quantity"], part["amount"]) for part in made.json["lines"]]
        assert sorted(parts) == [("canceled", 1, 1_250), ("returned", 1, 1_250)]
        assert order["lines"][0]["quantity_canceled"] == 1
        assert (order["status"], order["payment_status"]) == ("completed", "refunded")
        assert commit(factories.count_reserved, item) == 0
        assert len(outbox("order.lines_canceled")) == len(outbox("order.completed")) == 1

    def test_an_order_of_which_nothing_is_left_is_canceled(self, alice, clerk, paid, commit):
        """An order whose units are all refunded before one was sent is canceled."""
        refund(clerk, paid, lines=lines(paid, 2))

        order = alice.get(f"/v1/orders/{paid['id']}").json
        assert (order["status"], order["payment_status"]) == ("canceled", "refunded")
        assert commit(factories.reservation_status_of, paid["id"]) == "released"

    def test_units_share_the_amount_of_their_line(self, clerk, alice, commit):
        """Three units of 10.01 EUR with discount are refunded one by one, to the cent."""
        thing = commit(factories.make_item, sku="THING", unit_amount=1_001)
        order = alice.post("/v1/orders", json=order_of((thing, 3))).json
        commit(money.set_total, order["id"], amount=1_001, tax=160)
        commit(money.pay, order["id"])
        commit(money.ship, order["id"])

        made = [refund(clerk, order, lines=lines(order, 1)).json for _ in range(3)]

        assert [one["amount"] for one in made] == [334, 334, 333]
        assert sum(one["amount_tax"] for one in made) == 160

    def test_units_of_a_closed_order_are_not_refunded(self, clerk, charlie, paid, bank):
        """A canceled order has no units; its money is refunded by amount."""
        bank.next("refund", Refused("try_again"))
        charlie.post(f"/v1/orders/{paid['id']}/cancel", json={})

        refused = refund(clerk, paid, lines=lines(paid, 1))
        again = refund(clerk, paid)

        assert (refused.status_code, refused.json["code"]) == (409, "invalid_transition")
        assert (again.json["status"], again.json["amount"]) == ("succeeded", 2_500)

    def test_units_that_are_not_paid_yet_are_canceled(self, clerk, alices_order, commit):
        """Units of an authorized payment that was not captured for them are not refunded."""
        commit(money.pay, alices_order["id"], captured=1_250)
        commit(money.ship, alices_order["id"], LAMP=1)

        refused = refund(clerk, alices_order, lines=lines(alices_order, 2))
        made = refund(clerk, alices_order, lines=lines(alices_order, 1))

        assert refused.json["code"] == "invalid_transition"
        assert (made.status_code, made.json["amount"]) == (201, 1_250)


class TestShipping:
    @pytest.fixture
    def posted(self, alices_order, commit):
        """A paid order of 25.00 EUR, and 4.90 EUR and 0.93 EUR of tax for shipping."""
        commit(money.add_shipping, alices_order["id"], amount=490, tax=93)
        commit(money.pay, alices_order["id"])
        return alices_order

    def test_shipping_goes_back_when_it_is_named(self, clerk, posted):
        """Lines do not refund shipping; ``amount_shipping`` does, up to what was charged."""
        line = refund(clerk, posted, lines=lines(posted, 1)).json
        too_much = refund(clerk, posted, amount_shipping=584)
        parts = [refund(clerk, posted, amount_shipping=amount).json for amount in (300, 283)]

        assert (line["amount"], line["amount_shipping"]) == (1_250, 0)
        assert too_much.json["code"] == "refund_exceeds_captured"
        assert [part["amount_shipping"] for part in parts] == [300, 283]
        assert sum(part["amount_tax"] for part in parts) == 93
        assert refund(clerk, posted, amount_shipping=1).json["amount_refundable"] == 0

    def test_lines_and_shipping_are_one_refund(self, clerk, posted):
        """Both go back together."""
        made = refund(clerk, posted, lines=lines(posted, 1), amount_shipping=583).json

        assert (made["amount"], made["amount_shipping"], made["amount_tax"]) == (1_833, 583, 93)

    def test_all_that_is_left_has_shipping_and_tax(self, clerk, posted):
        """The parts of the last refund are what the others have left."""
        first = refund(clerk, posted, amount=1_000).json

        rest = refund(clerk, posted).json

        assert (rest["amount"], rest["amount_shipping"]) == (2_083, 583)
        assert first["amount_tax"] + rest["amount_tax"] == 93


class TestReadRefunds:
    def test_owners_and_staff_see_them(self, alice, charlie, clerk, paid):
        """The owner and readers of all orders list the refunds and read each of them."""
        made = refund(clerk, paid, amount=5)

        for who in (alice, charlie):
            listed = who.get(f"/v1/orders/{paid['id']}/refunds").json["data"]
            found = who.get(made.headers["Location"])
            assert listed == [made.json]
            assert (found.status_code, found.json) == (200, made.json)

    def test_others_do_not(self, bob, client, clerk, paid):
        """Refunds of another customer's order answer 404."""
        place = refund(clerk, paid, amount=5).headers["Location"]

        for who in (bob, client):
            assert who.get(place).status_code == 404
            assert who.get(f"/v1/orders/{paid['id']}/refunds").status_code == 404

    def test_only_staff_refund(self, alice, client, as_user, paid):
        """The permission orders.refund is required; orders.write is not enough."""
        writer = as_user(permissions=["orders.read", "orders.write"])

        answers = [refund(who, paid).status_code for who in (alice, client, writer)]

        assert answers == [403, 401, 403]


class TestStatements:
    STATEMENTS = {  # noqa: RUF012 - a constant
        "postgresql": {"amount": 12, "lines": 14, "restock": 14},
        # Each table that rows are added to takes a statement.
        "sqlite": {"amount": 15, "lines": 18, "restock": 18},
    }

    @pytest.mark.parametrize("count", [1, 20])
    def test_they_do_not_grow_with_the_lines(self, alice, clerk, commit, statements, count):
        """A refund by amount takes 12 statements, by line 14, besides those of stock."""
        items = [commit(factories.make_item, sku=f"LAMP-{place}") for place in range(count)]
        body = order_of(*[(item, 3) for item in items])
        order = alice.post("/v1/orders", json=body).json
        commit(money.pay, order["id"])
        commit(money.ship, order["id"])
        by_line = {"lines": lines(order, *[1] * count)}
        asked = {"amount": {"amount": 5}, "lines": by_line, "restock": {**by_line, "restock": True}}

        sent = {}
        for name, wanted in asked.items():
            with statements as counted:
                assert refund(clerk, order, **wanted).status_code == 201
            sent[name] = money.count_own(counted)

        assert sent == self.STATEMENTS[commit(money.database)]
