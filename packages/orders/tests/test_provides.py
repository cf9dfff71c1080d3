from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_contracts.baskets import Customer
from mercato_contracts.orders import OrderRefused, Orders, Wanted, WantedLine
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.services import get
from mercato_orders.models import Line, Order
from mercato_orders.provides import ShopOrders
from mercato_testing.contracts import OrdersSuite
from mercato_testing.server_keys import ServerKey

from . import factories, providers
from .factories import order_of

GUEST = Customer(None, "Guest@example.com")


@pytest.fixture
def shop(staged):
    """The shop with fake coupons, shipping and taxes, and a coupon TENTH of 10 %."""
    shop = staged(*providers.ALL)
    shop.commit(providers.make_coupon, "TENTH")
    return shop


@pytest.fixture
def wanted(shop):
    """Two units of a variant, sent by post, with the code TENTH."""
    item = shop.commit(factories.make_item)
    return Wanted(
        lines=(WantedLine(item, 2),),
        currency="EUR",
        customer=GUEST,
        discount_codes=("tenth",),
        shipping_method="post.standard",
        shipping_address=factories.BOLOGNA,
    )


def quote(wanted):
    """Ask the contract for a quote."""
    return get(Orders).quote(wanted)


def place(wanted, reference=None):
    """Place an order through the contract."""
    return get(Orders).place(reference or new_id(), wanted)


def body_of(wanted):
    """Return the body of the same request by HTTP."""
    (line,) = wanted.lines
    return order_of(
        (line.variant_id, line.quantity),
        discount_codes=list(wanted.discount_codes),
        shipping_method=wanted.shipping_method,
    )


class TestContract(OrdersSuite):
    provider = ShopOrders

    @pytest.fixture
    def wanted(self, commit):
        """Two units of a variant for an account."""
        item = commit(factories.make_item)
        return Wanted(
            lines=(WantedLine(item, 2),),
            currency="EUR",
            customer=Customer(new_id(), "alice@example.com", email_verified=True),
            shipping_address=factories.BOLOGNA,
        )


class TestQuote:
    def test_is_the_quote_of_the_api(self, shop, wanted):
        """The contract returns the amounts, parts and methods that the API shows."""
        quoted = shop.commit(quote, wanted)

        shown = shop.client.post("/v1/orders/quote", json=body_of(wanted)).json
        assert quoted.totals.amount_total == shown["amount_total"] == 3_288
        assert quoted.lines[0].amount_tax == shown["lines"][0]["amount_tax"]
        assert [part.amount for part in quoted.parts] == [
            part["amount"] for part in shown["adjustments"]
        ]
        assert [method.code for method in quoted.shipping_methods] == [
            method["code"] for method in shown["shipping_methods"]
        ]
        assert quoted.valid_until > utc_now()

    @pytest.mark.parametrize(
        ("change", "status", "code", "pointer"),
        [
            ({"discount_codes": ("NONE",)}, 422, "unknown_discount_code", "/discount_codes/0"),
            ({"lines": ()}, 422, "validation_failed", "/lines"),
            ({"currency": "XXX"}, 422, "validation_failed", "/currency"),
            ({"tax_id": "WRONG"}, 422, "validation_failed", "/tax_id"),
            ({"lines": (WantedLine(new_id(), 1),)}, 409, "variant_unavailable", None),
        ],
    )
    def test_is_refused_as_by_the_api(self, shop, wanted, change, status, code, pointer):
        """A refusal has the status, code and pointers of the API."""
        with pytest.raises(OrderRefused) as refused:
            shop.commit(quote, replace(wanted, **change))

        found = refused.value
        assert (found.status, found.code) == (status, code)
        assert [error.pointer for error in found.errors] == ([pointer] if pointer else [])


class TestPlace:
    def test_places_an_order(self, shop, wanted, outbox):
        """The order is placed and belongs to the guest, who gets its secret."""
        reference = new_id()

        placed = shop.commit(place, wanted, reference)

        headers = {"Order-Access-Token": placed.access_token}
        order = shop.client.get(f"/v1/orders/{placed.id}", headers=headers).json
        assert (placed.number, placed.amount_total) == (order["number"], order["amount_total"])
        assert (placed.already, order["customer_email"]) == (False, "Guest@example.com")
        assert shop.commit(providers.redeemed, "TENTH") == 1

    def test_places_once_by_reference(self, shop, wanted):
        """A second call with the reference returns the order, whatever it wants."""
        reference = new_id()
        first = shop.commit(place, wanted, reference)

        again = shop.commit(place, replace(wanted, discount_codes=("NONE",)), reference)

        assert again == replace(first, already=True)
        assert shop.commit(lambda: session.scalar(sa.select(sa.func.count(Order.id)))) == 1
        assert shop.commit(providers.redeemed, "TENTH") == 1

    def test_returns_that_secret_after_the_server_key_changed(self, shop, wanted):
        """A second call returns the secret that the guest got, derived from the former key."""
        reference = new_id()
        first = shop.commit(place, wanted, reference)
        server_key = ServerKey(shop.app)
        server_key.change()

        again = shop.commit(place, wanted, reference)
        server_key.restore()

        assert again == replace(first, already=True)

    def test_belongs_to_the_account(self, shop, wanted):
        """An order of an account has no secret."""
        customer = Customer(new_id(), "alice@example.com", email_verified=True)

        placed = shop.commit(place, replace(wanted, customer=customer))

        assert placed.access_token is None
        assert shop.commit(factories.find_order, placed.id).customer_id == customer.id

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"customer": Customer(None, None)}, "/email"),
            ({"shipping_address": None}, "/shipping_address"),
            ({"shipping_method": None}, "/shipping_method"),
        ],
    )
    def test_refuses_what_the_api_refuses(self, shop, wanted, change, pointer):
        """An order needs an address of the customer, an address of delivery and a method."""
        with pytest.raises(OrderRefused) as refused:
            shop.commit(place, replace(wanted, **change))

        assert [error.pointer for error in refused.value.errors] == [pointer]

    def test_says_what_changed(self, shop, wanted):
        """A total that differs from the expected one is refused with the actual one."""
        with pytest.raises(OrderRefused) as refused:
            shop.commit(place, replace(wanted, expected_amount_total=1))

        assert (refused.value.code, refused.value.members) == (
            "price_changed",
            {"amount_total": 3_288},
        )


class TestGetMany:
    def test_returns_orders_with_their_lines(self, shop, wanted, statements):
        """Orders have contact, totals and lines, in one SELECT; unknown ids are left out."""
        orders = [shop.commit(place, wanted) for _ in range(2)]
        ids = [order.id for order in orders]

        with shop.statements as sent:
            records = shop.commit(lambda: get(Orders).get_many([*ids, new_id()]))

        assert (len(sent), list(records)) == (1, sorted(ids)), sent
        record = records[ids[0]]
        assert (record.number, record.email) == (orders[0].number, "Guest@example.com")
        assert (record.status, record.payment_status) == ("open", "unpaid")
        assert record.totals.amount_total == orders[0].amount_total
        assert utc_now() - record.placed_at < timedelta(minutes=5)
        assert [(line.position, line.quantity) for line in record.lines] == [(0, 2)]
        assert record.lines[0].amount_discount == 250


class TestBought:
    def test_counts_paid_units(self, shop, wanted):
        """A product is bought when it is paid, and no more when all of it is refunded."""
        customer = Customer(new_id(), "alice@example.com", email_verified=True)
        (item,) = (line.variant_id for line in wanted.lines)
        order = shop.commit(place, replace(wanted, customer=customer))

        def bought():
            return shop.commit(lambda: get(Orders).bought(customer.id, [item, new_id()]))

        before = bought()
        shop.commit(_set, Order, order.id, payment_status="paid")
        paid = bought()
        shop.commit(_set, Line, order.id, quantity_fulfilled=2, quantity_refunded=2)

        assert (before, paid, bought()) == (frozenset(), {item}, frozenset())

    def test_takes_one_statement(self, shop):
        """Any number of products takes one statement."""
        with shop.statements as sent:
            shop.commit(lambda: get(Orders).bought(new_id(), [new_id() for _ in range(3)]))

        assert len(sent) == 1, sent


def _set(model, order_id, **values):
    of = Order.id if model is Order else Line.order_id
    session.execute(sa.update(model).where(of == order_id).values(**values))
