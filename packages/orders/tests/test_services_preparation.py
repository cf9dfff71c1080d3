"""Remote providers: they are asked before the transaction, within the operator's time."""

import threading
from contextlib import suppress
from uuid import UUID

import pytest

from mercato_contracts.baskets import Customer
from mercato_contracts.discounts import Discounted, Discounts, Reduction
from mercato_contracts.orders import OrderRefused, Orders, Wanted, WantedLine
from mercato_contracts.shipping import Method, Shipping
from mercato_contracts.taxes import Assessment, InvalidTaxId, Rate, Tax, Taxes
from mercato_kit import work
from mercato_kit.db import session
from mercato_kit.services import get
from mercato_orders import services
from mercato_orders.models import PendingGiveBack
from mercato_testing.fakes import fake

from . import factories, providers
from .factories import order_of

KEY = {"Idempotency-Key": "a-key-of-16-letters-or-more"}
NEVER = threading.Event()
"""What a provider that is late waits for; set at the end of the tests."""


class Line:
    """What the remote provider of taxes was asked, and what the next answer does."""

    def __init__(self):
        self.baskets = []
        self.act = None


LINE = Line()


def _assess(basket):
    LINE.baskets.append(basket)
    if work.is_writing():
        raise AssertionError("asked within a transaction")
    if LINE.act is not None:
        LINE.act()
    tax = Tax((Rate("far", "Far 10 %", 100_000),))
    return Assessment(
        included=False,
        lines=(tax,) * len(basket.lines),
        shipping=tax if basket.shipping else None,
    )


def _wait(basket=None):
    NEVER.wait(5)
    return Discounted()


FAR_TAXES = fake(Taxes, name="far", remote=True, assess=_assess)
LATE_DISCOUNTS = fake(Discounts, name="late", remote=True, quote=_wait)
FAR_DISCOUNTS = fake(
    Discounts,
    name="far",
    remote=True,
    quote=Discounted((Reduction("tenth", "10 %", ppm=100_000),)),
)
LATE_SHIPPING = fake(Shipping, name="late", remote=True, methods=_wait)
NEAR_SHIPPING = fake(Shipping, name="near", methods=(Method("van", "Van", 500),))


@pytest.fixture(autouse=True)
def _line():
    LINE.baskets.clear()
    LINE.act = None
    NEVER.clear()
    yield
    NEVER.set()


def taxed(staged, late="refuse", *, seconds=2.0):
    """Stage the shop with remote taxes, and local ones beside them."""
    return staged(
        FAR_TAXES,
        providers.TAXES,
        capabilities={"taxes": "far"},
        remote={"taxes": {"far": {"seconds": seconds, "late": late}}},
    )


def replaced(staged):
    """Stage the shop with remote discounts that are late, and coupons that replace them."""
    return staged(
        LATE_DISCOUNTS,
        providers.COUPONS,
        capabilities={"discounts": ["late"]},
        remote={"discounts": {"late": {"seconds": 0.1, "late": "coupons"}}},
    )


def guests_order(item, **members):
    """Return the body of a guest's order."""
    return order_of((item, 2), email="guest@example.com", **members)


class TestPrepare:
    def test_asks_before_the_transaction(self, staged):
        """Remote taxes are asked once for an order, outside of its transaction."""
        shop = taxed(staged)
        item = shop.commit(factories.make_item)

        placed = shop.client.post("/v1/orders", json=guests_order(item))

        assert placed.status_code == 201, placed.json
        assert (placed.json["amount_tax"], len(LINE.baskets)) == (250, 1)
        assert [part["provider"] for part in placed.json["adjustments"]] == ["far"]

    def test_quotes_cost_the_same(self, staged):
        """A quote asks remote taxes, too."""
        shop = taxed(staged)
        item = shop.commit(factories.make_item)

        quoted = shop.client.post("/v1/orders/quote", json=order_of((item, 2)))

        assert (quoted.status_code, quoted.json["amount_total"]) == (200, 2_750)

    def test_remote_discounts_are_not_redeemed(self, staged):
        """A remote provider of discounts reduces, and has nothing to redeem."""
        shop = staged(FAR_DISCOUNTS)
        item = shop.commit(factories.make_item)

        placed = shop.client.post("/v1/orders", json=guests_order(item))

        assert (placed.status_code, placed.json["amount_discount"]) == (201, 250)
        order = shop.commit(factories.find_order, placed.json["id"])
        assert order.discount_providers == []

    def test_a_price_that_changes_is_asked_again(self, staged):
        """If prices change after the question, it is asked once more for the new basket."""
        shop = taxed(staged)
        item = shop.commit(factories.make_item)
        prices = iter([2_000, 3_000])

        def change():
            with suppress(StopIteration):
                shop.commit(factories.change_price, item, next(prices))

        LINE.act = lambda: change() if len(LINE.baskets) == 1 else None
        placed = shop.client.post("/v1/orders", json=guests_order(item))

        amounts = [basket.lines[0].unit_amount for basket in LINE.baskets]
        assert (placed.status_code, amounts) == (201, [1_250, 2_000])
        assert placed.json["amount_total"] == 4_400

    def test_a_tax_id_that_is_refused_there_is_refused(self, staged):
        """A remote provider can refuse a tax id, at its pointer."""
        shop = taxed(staged)
        item = shop.commit(factories.make_item)
        LINE.act = _refuse_tax_id

        refused = shop.client.post("/v1/orders", json=guests_order(item, tax_id="X"))

        assert refused.status_code == 422
        assert [error["pointer"] for error in refused.json["errors"]] == ["/tax_id"]


def _refuse_tax_id():
    raise InvalidTaxId


class TestLate:
    @pytest.mark.provokes("K508")
    def test_refuses_by_default(self, staged, caplog):
        """An order that depends on a late answer is refused, and may be sent again."""
        shop = taxed(staged, seconds=0.1)
        item = shop.commit(factories.make_item)
        LINE.act = _wait

        refused = shop.client.post("/v1/orders", json=guests_order(item))

        assert (refused.status_code, refused.json["code"]) == (503, "provider_unavailable")
        assert refused.headers["Retry-After"]
        assert "K508: taxes 'far' was late or failed; late = 'refuse'" in caplog.messages

    def test_failing_is_like_being_late(self, staged, caplog):
        """An error of a remote provider is logged, and refuses the order in the same way."""
        shop = taxed(staged)
        item = shop.commit(factories.make_item)
        LINE.act = lambda: 1 // 0

        refused = shop.client.post("/v1/orders", json=guests_order(item))

        assert refused.json["code"] == "provider_unavailable"
        assert "ZeroDivisionError" in caplog.text

    def test_is_replaced_by_a_local_provider(self, staged):
        """The operator may name a local provider, and adjustments have its name."""
        shop = taxed(staged, "it_taxes", seconds=0.1)
        item = shop.commit(factories.make_item)
        LINE.act = _wait

        placed = shop.client.post("/v1/orders", json=guests_order(item))

        assert (placed.status_code, placed.json["amount_tax"]) == (201, 500)
        assert [part["provider"] for part in placed.json["adjustments"]] == ["it_taxes"]

    def test_is_skipped_with_a_warning(self, staged):
        """Late discounts and shipping methods may be left out; a quote says so."""
        shop = staged(
            LATE_DISCOUNTS,
            LATE_SHIPPING,
            NEAR_SHIPPING,
            capabilities={"shipping": ["late", "near"]},
            remote={
                "discounts": {"late": {"seconds": 0.1, "late": "skip"}},
                "shipping": {"late": {"seconds": 0.1, "late": "skip"}},
            },
        )
        item = shop.commit(factories.make_item)

        quoted = shop.client.post("/v1/orders/quote", json=order_of((item, 1))).json
        coded = order_of((item, 1), discount_codes=["WHOSE"])
        refused = shop.client.post("/v1/orders/quote", json=coded)

        assert [method["code"] for method in quoted["shipping_methods"]] == ["near.van"]
        warning = {"code": "provider_unavailable", "provider": "late"}
        assert quoted["warnings"] == [warning, warning]
        assert (refused.status_code, refused.json["code"]) == (503, "provider_unavailable")

    def test_what_replaces_late_discounts_redeems(self, staged):
        """The uses of a local provider that only replaces a late one count, and are given back."""
        shop = replaced(staged)
        item = shop.commit(factories.make_item)
        shop.commit(providers.make_coupon, "ONCE", most=1)
        body = guests_order(item, discount_codes=["ONCE"])

        placed, refused = (shop.client.post("/v1/orders", json=body) for _ in range(2))
        token = {"Order-Access-Token": placed.json["access_token"]}
        canceled = shop.client.post(
            f"/v1/orders/{placed.json['id']}/cancel", json={}, headers=token
        )

        assert (placed.status_code, canceled.status_code) == (201, 200)
        assert (refused.status_code, refused.json["code"]) == (409, "discount_gone")
        assert shop.commit(providers.redeemed, "ONCE") == 0

    def test_what_replaces_late_discounts_takes_back_what_waited(self, staged):
        """What was not given back before, because the provider was away, is given back now."""
        shop = replaced(staged)
        item = shop.commit(factories.make_item)
        placed = shop.client.post("/v1/orders", json=guests_order(item)).json
        row = PendingGiveBack(order_id=UUID(placed["id"]), provider="coupons")
        shop.commit(lambda: session.add(row))

        with shop.app.app_context():
            given = [services.give_back_pending() for _ in range(2)]

        assert given == [1, 0]

    def test_a_replay_does_not_depend_on_it(self, staged):
        """A repeated request gets the stored answer, although the provider is late now."""
        shop = taxed(staged, seconds=0.1)
        item = shop.commit(factories.make_item)
        client = shop.client
        first = client.post("/v1/orders", json=guests_order(item), headers=KEY)
        LINE.act = _wait

        again = client.post("/v1/orders", json=guests_order(item), headers=KEY)

        assert (first.status_code, again.data) == (201, first.data)


class TestContract:
    def test_prepares_outside_of_a_transaction(self, staged):
        """Another feature prepares, then places with what was prepared; without it is refused."""
        shop = taxed(staged)
        item = shop.commit(factories.make_item)
        wanted = Wanted(
            (WantedLine(item, 2),), "EUR", Customer(None, None), shipping_address=factories.BOLOGNA
        )

        with shop.app.app_context():
            prepared = get(Orders).prepare(wanted)
            quoted = work.run(lambda: get(Orders).quote(wanted, prepared))
            with pytest.raises(OrderRefused) as refused:
                work.run(lambda: get(Orders).quote(wanted))

        with pytest.raises(RuntimeError, match="before the transaction"):
            shop.commit(lambda: get(Orders).prepare(wanted))
        assert (quoted.totals.amount_tax, len(LINE.baskets)) == (250, 1)
        assert (refused.value.status, refused.value.code) == (503, "provider_unavailable")
