import pytest
from hypothesis import given, strategies as st

from mercato_contracts.baskets import Address
from mercato_contracts.shipping import Method, Shipping
from mercato_kit.db import session
from mercato_kit.services import each
from mercato_shipping.services import choose_amount
from mercato_shipping.values import NewRate
from mercato_testing.contracts.baskets import sample_basket, sample_line
from mercato_testing.plans import Plans

from .factories import make_german_zone, make_zones, zone_of

AMOUNTS, GRAMS = st.integers(0, 9), st.integers(1, 9)
RATES = st.lists(
    st.builds(
        NewRate,
        currency=st.just("EUR"),
        amount=AMOUNTS,
        from_amount=AMOUNTS,
        up_to_grams=st.none() | GRAMS,
    ),
    unique_by=lambda rate: (rate.from_amount, rate.up_to_grams),
    max_size=6,
)


@pytest.fixture
def ask(commit):
    """A function that returns the methods for lines to an address, by the contract."""

    def methods(*lines, country="DE", postal_code="10115", **members):
        address = Address("Ada", "1 Road", "Town", country, postal_code=postal_code)
        basket = sample_basket(
            lines=lines or (sample_line(),), shipping_address=address, shipping=None, **members
        )
        return commit(lambda: each(Shipping)[0].provider.methods(basket))

    return methods


def amounts(methods):
    """Return the amounts of methods by code."""
    return {method.code: method.amount for method in methods}


class TestOfferMethods:
    def test_has_the_methods_of_the_zone(self, commit, ask):
        """Methods are in the order of the zone, with their price, tax code and days."""
        commit(make_german_zone)

        assert ask() == (
            Method("standard", "Standard", 490, None, 2, 3),
            Method("express", "Express", 1_990, "services"),
        )

    @pytest.mark.parametrize(
        ("grams", "discount", "amount"),
        [(5_000, 0, 490), (5_001, 0, 990), (31_501, 0, None), (99_999, 1, None)],
    )
    def test_prices_by_weight(self, commit, ask, grams, discount, amount):
        """The closest weight decides; above all of them the method is not offered."""
        commit(make_german_zone)

        found = ask(sample_line(unit_amount=99, quantity=1, weight_grams=grams))

        assert amounts(found).get("standard") == amount

    def test_is_free_above_an_amount(self, commit, ask):
        """What is left after discounts counts, of goods that are shipped, at any weight."""
        commit(make_german_zone)
        heavy = {"unit_amount": 10_000, "quantity": 1, "weight_grams": 50_000}

        assert amounts(ask(sample_line(**heavy)))["standard"] == 0
        assert "standard" not in amounts(ask(sample_line(**heavy, amount_discount=1)))
        assert "standard" not in amounts(
            ask(sample_line(**heavy, amount_discount=1), sample_line(1, requires_shipping=False))
        )

    def test_sends_nothing_elsewhere(self, commit, ask):
        """Other countries, other currencies, and baskets that need no shipping have no method."""
        commit(make_german_zone)

        assert ask(country="FR") == ask(currency="USD") == ()
        assert ask(sample_line(requires_shipping=False)) == ()

    def test_takes_the_narrowest_area(self, commit, ask):
        """The longest beginning of the postal code, then the country, then everywhere."""
        commit(
            make_zones,
            zone_of("world", "*", amount=1),
            zone_of("germany", "DE", amount=2),
            zone_of("north", "DE-2", "DE-3", amount=3),
            zone_of("islands", "DE-274", "DE-SW1A", methods=()),
        )

        def price(country, postal_code):
            return [method.amount for method in ask(country=country, postal_code=postal_code)]

        assert price("US", "10001") == price("US", None) == [1]
        assert price("DE", "10115") == price("DE", None) == [2]
        assert price("DE", "20095") == price("DE", " 3-01 59") == [3]
        assert price("DE", "27498") == price("DE", "sw1a 1aa") == []

    def test_takes_one_statement(self, commit, ask, statements):
        """One SELECT, for any number of lines."""
        commit(make_german_zone)

        with statements as sent:
            ask(*(sample_line(place) for place in range(100)))

        assert len(sent) == 1, sent

    def test_reads_no_whole_table(self, app, commit, ask):
        """Areas, methods and rates are found by indexes."""
        commit(make_german_zone)

        with app.app_context(), Plans(session.get_bind()) as sent:
            ask()

        assert sent.plans
        assert sent.scans() == []


class TestUnknownWeight:
    @pytest.fixture
    def settings(self):
        """Units without a weight weigh 4 kilograms."""
        return {"unknown_weight_grams": 4_000}

    def test_counts_what_the_setting_says(self, commit, ask):
        """One such unit is below the first limit, and two are above."""
        commit(make_german_zone)

        one, two = (ask(sample_line(weight_grams=None, quantity=quantity)) for quantity in (1, 2))

        assert (amounts(one)["standard"], amounts(two)["standard"]) == (490, 990)


class TestChooseAmount:
    @given(RATES, AMOUNTS, GRAMS)
    def test_takes_the_closest_rate(self, rates, amount, grams):
        """No other rate for the basket starts higher, or at the same amount ends lower."""
        price = choose_amount(rates, amount, grams)

        fitting = [
            rate
            for rate in rates
            if rate.from_amount <= amount and grams <= (rate.up_to_grams or 99)
        ]
        if price is None:
            assert not fitting
        else:
            highest = max(rate.from_amount for rate in fitting)
            closest = min(
                (rate for rate in fitting if rate.from_amount == highest),
                key=lambda rate: rate.up_to_grams or 99,
            )
            assert price == closest.amount

    @given(RATES.flatmap(lambda rates: st.tuples(st.just(rates), st.permutations(rates))), AMOUNTS)
    def test_does_not_depend_on_the_order(self, rates, amount):
        """The rates are given in any order."""
        forth, back = rates

        assert choose_amount(forth, amount, 3) == choose_amount(back, amount, 3)
