"""Discounts, shipping and taxes in quotes and in orders."""

import pytest

from mercato_contracts.answers import LONGEST_CODE
from mercato_contracts.baskets import Customer
from mercato_contracts.discounts import Discounted, Discounts, Reduction
from mercato_contracts.orders import Orders, ReentrantCall, Wanted, WantedLine
from mercato_contracts.shipping import Method, Shipping
from mercato_contracts.taxes import Assessment, Taxes
from mercato_kit.services import get
from mercato_testing.fakes import fake

from . import factories, providers
from .factories import order_of

ABROAD = factories.ADDRESS | {"country": "FR"}


@pytest.fixture
def shop(staged):
    """The shop with fake coupons, shipping and taxes, and a coupon TENTH of 10 %."""
    shop = staged(*providers.ALL)
    shop.commit(providers.make_coupon, "TENTH")
    return shop


@pytest.fixture
def item(shop):
    """The id of a variant: 12.50 EUR, 100 in stock."""
    return shop.commit(factories.make_item)


def quote_of(*lines, **members):
    """Return the body of a quote."""
    body = order_of(*lines, **members)
    return {name: value for name, value in body.items() if name != "email"}


def errors_of(answer):
    """Return status, code, and pointer and code of each error."""
    errors = answer.json.get("errors", [])
    return (
        answer.status_code,
        answer.json["code"],
        *((error["pointer"], error["code"]) for error in errors),
    )


def ask(shop, path, body):
    """Ask for a quote or place an order as a guest."""
    if path.endswith("quote"):
        return shop.client.post(path, json=body)
    return shop.client.post(path, json=body | {"email": "guest@example.com"})


both = pytest.mark.parametrize("path", ["/v1/orders/quote", "/v1/orders"])


class TestQuote:
    def test_shows_methods_and_taxes(self, shop, item):
        """Without a method, shipping is not charged, and each method has its price."""
        quoted = shop.client.post("/v1/orders/quote", json=quote_of((item, 2))).json

        assert quoted["shipping_methods"] == [
            {
                "code": "post.standard",
                "label": "Standard",
                "amount_subtotal": 490,
                "amount_discount": 0,
                "amount": 490,
                "days_min": 2,
                "days_max": 4,
            },
            {
                "code": "post.express",
                "label": "Express",
                "amount_subtotal": 1_490,
                "amount_discount": 0,
                "amount": 1_490,
                "days_min": None,
                "days_max": None,
            },
        ]
        assert (quoted["amount_shipping"], quoted["amount_tax"]) == (0, 500)
        assert (quoted["tax_included"], quoted["tax_estimated"]) == (False, False)
        assert quoted["lines"][0]["tax_rate"] == "20"
        assert quoted["amount_total"] == 3_000

    def test_an_unknown_address_gives_an_estimate(self, shop, item):
        """Without an address there are no methods, and the tax is an estimate."""
        body = quote_of((item, 1))
        del body["shipping_address"]

        quoted = shop.client.post("/v1/orders/quote", json=body).json

        assert (quoted["shipping_methods"], quoted["tax_estimated"]) == ([], True)

    def test_explains_every_part(self, shop, item):
        """Each discount, the shipping price and each tax is an adjustment with its provider."""
        body = quote_of((item, 2), discount_codes=["tenth "], shipping_method="post.standard")

        quoted = shop.client.post("/v1/orders/quote", json=body).json

        parts = [
            (part["kind"], part["variant_id"], part["provider"], part["code"], part["amount"])
            for part in quoted["adjustments"]
        ]
        assert sorted(parts, key=str) == sorted(
            [
                ("shipping", None, "post", "standard", 490),
                ("discount", str(item), "coupons", "TENTH", -250),
                ("tax", str(item), "it_taxes", "it-standard", 450),
                ("tax", None, "it_taxes", "it-standard", 98),
            ],
            key=str,
        )
        assert {part["rate"] for part in quoted["adjustments"]} == {None, "20"}
        assert (quoted["amount_discount"], quoted["amount_shipping"]) == (250, 490)
        assert quoted["amount_total"] == 2_500 - 250 + 490 + 450 + 98

    def test_methods_depend_on_what_is_left_to_pay(self, shop, item):
        """A method that is free above an amount is asked with the lines' discounts applied."""
        dear = quote_of((item, 5))
        reduced = dear | {"discount_codes": ["TENTH"]}
        reduced["lines"] = [{"variant_id": str(item), "quantity": 4}]

        amounts = [
            shop.client.post("/v1/orders/quote", json=body).json["shipping_methods"][0]["amount"]
            for body in (dear, reduced)
        ]

        assert amounts == [0, 490]

    def test_free_shipping_has_an_effect_on_each_method(self, shop, item):
        """A code of shipping is a warning until a method is chosen; methods show their prices."""
        shop.commit(providers.make_coupon, "FREE", ppm=1_000_000, off="shipping")

        quoted = ask(shop, "/v1/orders/quote", quote_of((item, 1), discount_codes=["free"])).json

        assert [method["amount"] for method in quoted["shipping_methods"]] == [0, 0]
        assert quoted["shipping_methods"][1]["amount_discount"] == 1_490
        assert quoted["warnings"] == [{"code": "no_effect", "discount_code": "free"}]


class TestDiscountCodes:
    @both
    @pytest.mark.parametrize("codes", [["NONE"], ["TENTH", "NONE"]])
    def test_unknown_codes_are_refused(self, shop, item, path, codes):
        """A code that no provider knows is refused at its pointer."""
        refused = ask(shop, path, order_of((item, 1), discount_codes=codes))

        pointer = f"/discount_codes/{len(codes) - 1}"
        assert errors_of(refused) == (422, "unknown_discount_code", (pointer, "unknown"))

    @both
    def test_codes_that_do_not_apply_are_refused(self, shop, item, path):
        """A code that does not apply is refused at its pointer, with the reason."""
        shop.commit(providers.make_coupon, "LATE", reason="expired")

        refused = ask(shop, path, order_of((item, 1), discount_codes=["TENTH", "late"]))

        expected = (422, "discount_not_applicable", ("/discount_codes/1", "not_applicable"))
        assert errors_of(refused) == expected
        assert refused.json["reason"] == "expired"

    @both
    def test_the_same_code_twice_is_refused(self, shop, item, path):
        """A code in two spellings is the same code, and is refused at the second."""
        refused = ask(shop, path, order_of((item, 1), discount_codes=["TENTH", "\uff34enth"]))

        assert errors_of(refused)[2:] == (("/discount_codes/1", "duplicate"),)

    @both
    def test_a_code_that_stands_alone_is_refused_beside_another(self, shop, item, path):
        """A code that is not combinable is refused beside another one, at its pointer."""
        shop.commit(providers.make_coupon, "SOLO", combinable=False)

        refused = ask(shop, path, order_of((item, 1), discount_codes=["TENTH", "SOLO"]))

        assert errors_of(refused)[2:] == (("/discount_codes/1", "not_combinable"),)

    @both
    def test_a_code_without_effect_is_refused(self, shop, path):
        """A code that takes nothing off is refused, where no method can change that."""
        gift = shop.commit(factories.make_item, unit_amount=0, requires_shipping=False)

        refused = ask(shop, path, order_of((gift, 1), discount_codes=["TENTH"]))

        assert errors_of(refused)[2:] == (("/discount_codes/0", "no_effect"),)

    def test_a_code_is_answered_by_the_first_provider_that_knows_it(self, staged):
        """The next provider is not asked about a code that was answered."""
        shop = staged(FIRST, SECOND, capabilities={"discounts": ["first", "second"]})
        item = shop.commit(factories.make_item)
        body = quote_of((item, 1), discount_codes=["BOTH", "SECOND"])

        quoted = shop.client.post("/v1/orders/quote", json=body).json

        found = [(part["provider"], part["code"]) for part in quoted["adjustments"]]
        assert found == [("first", "BOTH"), ("second", "SECOND")]


def _knows(*known):
    """Return a fake of discounts that takes 100 off for each of some codes."""

    def quote(basket):
        codes = [code for code in basket.codes if code in known]
        return Discounted(tuple(Reduction(code, code, code, amount=100) for code in codes))

    return quote


FIRST = fake(Discounts, name="first", quote=_knows("BOTH"))
SECOND = fake(Discounts, name="second", quote=_knows("BOTH", "SECOND"))


class TestShippingMethods:
    def test_a_method_is_required(self, shop, item):
        """An order that is sent names a method, if a feature of the shop has methods."""
        refused = ask(shop, "/v1/orders", order_of((item, 1)))

        assert errors_of(refused)[2:] == (("/shipping_method", "required"),)

    def test_nothing_is_sent_without_goods_to_send(self, shop):
        """An order without goods to send needs no method."""
        download = shop.commit(factories.make_item, requires_shipping=False)

        placed = ask(shop, "/v1/orders", order_of((download, 1)))

        assert (placed.status_code, placed.json["shipping_method"]) == (201, None)

    @both
    def test_unknown_methods_are_refused(self, shop, item, path):
        """A method that the providers did not offer is refused; also where nothing is sent."""
        download = shop.commit(factories.make_item, requires_shipping=False)
        refused = [
            ask(shop, path, order_of((wanted, 1), shipping_method=method))
            for wanted, method in [
                (item, "post.pigeon"),
                (item, "express"),
                (download, "post.express"),
            ]
        ]

        expected = (422, "unknown_shipping_method", ("/shipping_method", "unknown"))
        assert [errors_of(one) for one in refused] == [expected] * 3

    @both
    def test_an_address_without_methods_is_refused(self, shop, item, path):
        """Goods that no provider sends to the address are refused."""
        refused = ask(shop, path, order_of((item, 1), shipping_address=ABROAD))

        assert (refused.status_code, refused.json["code"]) == (409, "no_method_available")

    def test_a_quote_of_a_method_needs_an_address(self, shop, item):
        """Methods depend on the address, so a quote with a method needs one."""
        body = quote_of((item, 1), shipping_method="post.standard")
        del body["shipping_address"]

        refused = shop.client.post("/v1/orders/quote", json=body)

        assert errors_of(refused)[2:] == (("/shipping_address", "required"),)


class TestTaxes:
    @both
    def test_a_wrong_tax_id_is_refused(self, shop, item, path):
        """A tax id that the provider refuses is refused at its pointer."""
        wanted = {"tax_id": "WRONG", "shipping_method": "post.standard"}

        refused = ask(shop, path, order_of((item, 1), **wanted))

        assert errors_of(refused)[2:] == (("/tax_id", "invalid"),)


class TestWrongAnswers:
    @pytest.mark.provokes("K507")
    @pytest.mark.parametrize("place", range(3))
    def test_are_refused(self, staged, caplog, place):
        """An answer that a contract excludes is no price; the log names provider and value."""
        shop = staged(WRONG[place])
        item = shop.commit(factories.make_item)

        refused = [
            ask(shop, path, order_of((item, 1))) for path in ("/v1/orders/quote", "/v1/orders")
        ]

        assert [(one.status_code, one.json["code"]) for one in refused] == [
            (500, "provider_fault")
        ] * 2
        lines = [line for line in caplog.messages if line.startswith("K507")]
        assert len(lines) == 2
        assert all("'wrong' gave a wrong answer: " in line for line in lines)

    def test_of_another_type_are_refused(self, staged):
        """An answer that is no value of the contract is refused in the same way."""
        shop = staged(STRANGE)
        item = shop.commit(factories.make_item)

        refused = ask(shop, "/v1/orders/quote", quote_of((item, 1)))

        assert (refused.status_code, refused.json["code"]) == (500, "provider_fault")


WRONG = [
    fake(Discounts, name="wrong", quote=Discounted((Reduction("a", "A", amount=1, lines=(7,)),))),
    fake(Shipping, name="wrong", methods=(Method("a", "A", -1),)),
    fake(Taxes, name="wrong", assess=Assessment(included=True, lines=(), shipping=None)),
]


STRANGE = fake(Discounts, name="strange", quote=None)

LONG = "x" * 30
FAR = fake(Shipping, name=LONG, methods=(Method("y" * LONGEST_CODE, "Far", 100),))
"""The longest names that a provider and a method can have."""


class TestMethods:
    def test_of_the_longest_names_can_be_chosen(self, staged):
        """Whatever a quote offers can be ordered, however long its name is."""
        shop = staged(FAR)
        item = shop.commit(factories.make_item)
        [offered] = ask(shop, "/v1/orders/quote", quote_of((item, 1))).json["shipping_methods"]

        placed = ask(shop, "/v1/orders", order_of((item, 1), shipping_method=offered["code"]))

        assert (placed.status_code, placed.json["shipping_method"]) == (201, offered["code"])


class TestProvidersThatAsk:
    def test_get_no_price(self, staged):
        """A provider that asks for a price while it is asked for a part of one is refused."""
        shop = staged(ASKING)
        item = shop.commit(factories.make_item)

        with pytest.raises(ReentrantCall):
            shop.commit(_quote, item)


def _quote(item):
    return get(Orders).quote(Wanted((WantedLine(item, 1),), "EUR", Customer(None, None)))


def _ask_back(basket):
    _quote(basket.lines[0].variant_id)


ASKING = fake(Discounts, name="asking", quote=_ask_back)
