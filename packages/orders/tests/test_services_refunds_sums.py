"""Any sequence of captures, parcels, refunds and cancellations adds up to the order."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from . import factories, money
from .bank import BANK
from .factories import order_of

UNITS = st.integers(1, 4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("refund"), st.fixed_dictionaries({"amount": st.integers(1, 4_000)})),
        st.tuples(st.just("return"), UNITS, UNITS, st.booleans(), st.integers(0, 300)),
        st.tuples(st.just("cancel"), UNITS, UNITS),
        st.tuples(st.just("ship"), UNITS, UNITS),
        st.tuples(st.just("capture"), st.integers(1, 3_000)),
        st.tuples(st.just("fail")),
        st.tuples(st.just("cancel_all")),
    ),
    max_size=7,
)


class Shop:
    """One order, and what may happen to it."""

    def __init__(self, customer, clerk, commit):
        self.customer = customer
        self.clerk = clerk
        self.commit = commit

    def place(self, price, captured):
        """Place and pay an order of two lines with tax and shipping."""
        items = [
            self.commit(factories.make_item, sku=sku, unit_amount=price + place)
            for place, sku in enumerate(("ODD", "EVEN"))
        ]
        body = order_of((items[0], 3), (items[1], 4))
        self.order = self.customer.post("/v1/orders", json=body).json
        self.items = items
        self.commit(money.add_taxes, self.order["id"], shipping=299)
        self.commit(money.pay, self.order["id"], captured=captured)

    def do(self, name, *values):
        """Do one step; it may be refused."""
        getattr(self, f"_{name}")(*values)

    def _refund(self, body):
        return self.clerk.post(f"{self._path}/refunds", json=body)

    def _return(self, odd, even, restock, shipping):
        body = {"lines": self._units(odd, even), "restock": restock}
        return self._refund(body | ({"amount_shipping": shipping} if shipping else {}))

    def _cancel(self, odd, even):
        return self.clerk.post(f"{self._path}/cancel", json={"lines": self._units(odd, even)})

    def _cancel_all(self):
        return self.clerk.post(f"{self._path}/cancel", json={})

    def _ship(self, odd, even):
        self.commit(money.ship_some, self.order["id"], {"ODD": odd, "EVEN": even})

    def _capture(self, amount):
        payment_id = self.commit(money.payment_of, self.order["id"]).id
        return self.clerk.post(f"/v1/payments/{payment_id}/capture", json={"amount": amount})

    def _fail(self):
        """Let the last refund that succeeded fail."""
        made = [one for one in self.refunds() if one["status"] == "succeeded"]
        if made:
            failed = BANK.turn(made[-1]["id"], "failed", "account_closed")
            self.commit(money.settle, made[-1]["id"], failed)

    def end(self):
        """Capture and give back all that is left."""
        self.commit(money.close_if_asked, self.order["id"])
        payment_id = self.commit(money.payment_of, self.order["id"]).id
        self.clerk.post(f"/v1/payments/{payment_id}/capture", json={})
        self._refund({})

    def refunds(self):
        """Return the refunds of the order."""
        return self.clerk.get(f"{self._path}/refunds").json["data"]

    def seen(self):
        """Return the order."""
        return self.clerk.get(self._path).json

    @property
    def _path(self):
        return f"/v1/orders/{self.order['id']}"

    def _units(self, odd, even):
        ids = (line["id"] for line in self.order["lines"])
        return [
            {"line_id": line_id, "quantity": units}
            for line_id, units in zip(ids, (odd, even), strict=True)
        ]


@pytest.fixture
def shop(alice, charlie, commit):
    """A shop with one customer and one clerk."""
    return Shop(alice, charlie, commit)


class TestSums:
    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(price=st.integers(1, 900), captured=st.none() | st.sampled_from([0, 300]), steps=STEPS)
    def test_they_add_up(self, shop, commit, price, captured, steps):
        """After each step the books agree; in the end all parts add up to the order."""
        shop.place(price, captured)

        for name, *values in steps:
            shop.do(name, *values)
            assert commit(money.books_of, shop.order["id"]) == []
        shop.end()

        order = shop.seen()
        made = [one for one in shop.refunds() if one["status"] == "succeeded"]
        assert commit(money.books_of, order["id"]) == []
        assert BANK.moved_of(order["id"]) == 0
        assert (
            sum(one["amount"] for one in made) == order["amount_refunded"] == order["amount_paid"]
        )
        if order["amount_paid"]:
            taxes = sum(one["amount_tax"] for one in made)
            assert order["amount_paid"] + order["amount_canceled"] == order["amount_total"]
            assert taxes + commit(money.canceled_tax_of, order["id"]) == order["amount_tax"]
        shipping = sum(one["amount_shipping"] for one in made)
        assert shipping <= order["amount_shipping"] + 57
        for line, item in zip(order["lines"], shop.items, strict=True):
            left = line["quantity"] - line["quantity_fulfilled"] - line["quantity_canceled"]
            reserved = 0 if order["status"] == "canceled" else left
            assert commit(factories.count_reserved, item) == reserved
            assert commit(factories.count_in_stock, item) == (
                100 - line["quantity_fulfilled"] + line["quantity_returned"]
            )
