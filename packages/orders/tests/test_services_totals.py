"""Random purchases: the price of the quote is charged, and every part of it is explained."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mercato_contracts.discounts import Discounted, Discounts, Reduction
from mercato_contracts.shipping import Method, Shipping
from mercato_contracts.taxes import Assessment, Rate, Tax, Taxes
from mercato_testing.fakes import fake

from . import factories
from .factories import order_of

CURRENCIES = ("EUR", "JPY", "KWD")
UNIT_AMOUNTS = (0, 1, 7, 333, 999, 1_250, 1_005, 39_900, 10**9)
RATES = st.sampled_from([0, 70_000, 190_000, 250_000, 62_500])


def _reductions(basket):
    """Return the reduction that each code spells: ``l:250000:``, ``s::300``, ``1::500``."""
    made = []
    for code in basket.codes:
        target, ppm, amount = code.split(":")
        made.append(
            Reduction(
                id=code,
                label=code,
                code=code,
                off="shipping" if target == "S" else "lines",
                lines=(0,) if target == "1" else None,
                ppm=int(ppm) if ppm else None,
                amount=int(amount) if amount else None,
            )
        )
    return Discounted(tuple(made))


def _methods(basket):
    weights = sum(line.amount for line in basket.lines)
    return Method("flat", "Flat", 490), Method("share", "A tenth of the goods", weights // 10)


def _assess(basket):
    """Return the taxes that the tax id spells: included, rounding, two rates, relief."""
    included, rounding, first, second, relief = basket.tax_id.split(":")
    rates = tuple(Rate(f"rate-{ppm}", f"{ppm} ppm", int(ppm)) for ppm in (first, second))
    tax = Tax(rates, relief_ppm=int(relief) if included == "i" else 0)
    return Assessment(
        included=included == "i",
        lines=(tax,) * len(basket.lines),
        shipping=tax if basket.shipping else None,
        rounding=rounding,
    )


PROVIDERS = (
    fake(
        Discounts,
        name="spelled",
        quote=_reductions,
        redeem=lambda reference, uses, basket: "redeemed",
    ),
    fake(Shipping, name="post", methods=_methods),
    fake(Taxes, name="spelled_taxes", assess=_assess),
)


@st.composite
def codes(draw):
    """Draw up to three different codes."""
    percent = st.tuples(st.sampled_from("LS1"), st.integers(1, 10**6).map(str), st.just(""))
    amount = st.tuples(st.sampled_from("LS1"), st.just(""), st.integers(1, 9_999).map(str))
    return draw(st.lists((percent | amount).map(":".join), max_size=3, unique=True))


@st.composite
def tax_ids(draw):
    """Draw a tax id that spells its taxes."""
    kind = draw(st.sampled_from("ie")), draw(st.sampled_from(["line", "rate"]))
    return ":".join([*kind, *(str(draw(RATES)) for _ in range(3))])


LINES = st.lists(
    st.tuples(st.integers(0, len(UNIT_AMOUNTS) - 1), st.integers(1, 99)), min_size=1, max_size=6
)


@pytest.fixture(name="settings")
def settings_of_orders():
    """Settings without a limit on the orders of guests."""
    return {"guest_order_burst": 0}


@pytest.fixture
def shop(staged):
    """The shop with providers that do what codes and tax ids spell."""
    return staged(*PROVIDERS)


@pytest.fixture
def items(shop):
    """Variants with each price in each currency."""
    return {
        currency: [
            shop.commit(factories.make_item, unit_amount=amount, currency=currency, in_stock=None)
            for amount in UNIT_AMOUNTS
        ]
        for currency in CURRENCIES
    }


class TestRandomPurchases:
    @given(
        lines=LINES,
        currency=st.sampled_from(CURRENCIES),
        named=codes(),
        tax_id=tax_ids(),
        method=st.sampled_from(["post.flat", "post.share"]),
    )
    @settings(
        max_examples=100,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def test_are_charged_as_quoted(self, shop, items, lines, currency, named, tax_id, method):
        """An order has the amounts of its quote; its lines and adjustments add up to its total."""
        body = order_of(
            *[(items[currency][place], quantity) for place, quantity in lines],
            currency=currency,
            discount_codes=named,
            tax_id=tax_id,
            shipping_method=method,
        )
        quoted = shop.client.post("/v1/orders/quote", json=body)

        mail = {"email": "guest@example.com"}
        placed = shop.client.post("/v1/orders", json=body | mail)

        if quoted.status_code != 200:
            assert (placed.status_code, placed.json["code"]) == (422, quoted.json["code"])
            return
        order, quote = placed.json, quoted.json
        assert placed.status_code == 201, order
        compared = [name for name in quote if name.startswith(("amount_", "tax_"))]
        compared.remove("tax_estimated")
        assert {name: order[name] for name in compared} == {name: quote[name] for name in compared}
        _assert_explained(order)


def _assert_explained(order):
    """Check that lines, and the subtotal with all adjustments, add up to the total."""
    adjustments, included = order["adjustments"], order["tax_included"]
    of_shipping = [part["amount"] for part in adjustments if part["target"] == "shipping"]
    taxes = [part["amount"] for part in adjustments if part["kind"] == "tax"]
    shipping_taxes = [
        part["amount"]
        for part in adjustments
        if (part["kind"], part["target"]) == ("tax", "shipping")
    ]
    contained = sum(taxes) if included else 0
    contained_in_shipping = sum(shipping_taxes) if included else 0
    lines = sum(line["amount_total"] for line in order["lines"])
    every = sum(part["amount"] for part in adjustments)
    assert order["amount_total"] == order["amount_subtotal"] + every - contained
    assert order["amount_total"] == lines + sum(of_shipping) - contained_in_shipping
    assert order["amount_tax"] == sum(taxes)
