from datetime import timedelta

import pytest

from mercato_contracts.baskets import Address, Carriage
from mercato_contracts.taxes import Rate, Taxes
from mercato_kit.db import session, utc_now
from mercato_kit.services import get
from mercato_taxes.errors import NoTaxRate
from mercato_taxes.services import missing_rates
from mercato_testing.contracts.baskets import sample_basket, sample_line
from mercato_testing.plans import Plans

from .factories import make_european_rates, make_rate

FRENCH = "FR40303265045"


def address(country, region=None):
    """Return an address in a country."""
    return Address("Ada", "1 Road", "Town", country, region=region)


@pytest.fixture
def assess(commit):
    """A function that asks the contract about a basket with lines of some tax codes."""

    def ask(*tax_codes, country="DE", region=None, **members):
        lines = tuple(sample_line(place, tax_code=code) for place, code in enumerate(tax_codes))
        to = None if country is None else address(country, region)
        basket = sample_basket(lines=lines, shipping_address=to, **members)
        return commit(lambda: get(Taxes).assess(basket))

    return ask


def ppm_of(tax):
    """Return the rates of a part by code."""
    return {rate.code: rate.ppm for rate in tax.rates}


class TestAssessBasket:
    def test_has_the_rate_of_each_tax_code(self, commit, assess):
        """Each line and shipping have the rate of their tax code, else that of the default."""
        commit(make_european_rates)

        answer = assess("standard", "books", None, "toys", shipping=Carriage("a", "b", "c", 1))

        standard = Rate("de-standard", "VAT 190000", 190_000)
        books = Rate("de-books", "VAT 70000", 70_000, "reduced")
        assert [tax.rates for tax in answer.lines] == [
            (standard,),
            (books,),
            (standard,),
            (standard,),
        ]
        assert answer.shipping.rates == (standard,)
        assert (answer.included, answer.rounding, answer.estimated) == (True, "line", False)

    def test_knows_the_tax_code_of_shipping(self, commit, assess):
        """A shipping method has a tax code of its own."""
        commit(make_european_rates)

        answer = assess("standard", shipping=Carriage("a", "b", "c", 490, tax_code="books"))

        assert ppm_of(answer.shipping) == {"de-books": 70_000}

    def test_takes_the_billing_address_where_nothing_is_sent(self, commit, assess):
        """Without a shipping address the bill says where the customer is."""
        commit(make_european_rates)

        answer = assess(None, country=None, billing_address=address("US"), shipping=None)

        assert (answer.lines[0].rates[0].reason, answer.estimated) == ("export", False)

    @pytest.mark.parametrize("at", [-1, 0, 1])
    def test_begins_and_ends_in_time(self, commit, assess, at):
        """A rate applies from its first moment until before its end; the later one replaces."""
        change = utc_now()
        commit(make_rate)
        commit(make_rate, ppm=160_000, valid_from=change, valid_until=change + timedelta(hours=1))

        answer = assess(None, at=change + timedelta(hours=at))

        assert ppm_of(answer.lines[0]) == {"de-standard": 160_000 if at == 0 else 190_000}

    def test_takes_one_statement(self, commit, assess, statements):
        """One SELECT by an index, for any number of lines."""
        commit(make_european_rates)

        with statements as sent:
            assess(*["standard", "books", None, "toys"] * 25)

        assert len(sent) == 1, sent

    def test_reads_no_whole_table(self, app, commit, assess):
        """The rates are found by an index."""
        commit(make_european_rates)

        with app.app_context(), Plans(session.get_bind()) as sent:
            assess("standard", "books")

        assert sent.plans
        assert sent.scans() == []

    def test_refuses_a_place_without_rates(self, commit, assess):
        """A rate that is missing is never 0."""
        commit(make_rate, tax_code="books")

        with pytest.raises(NoTaxRate, match="no rate for 'toys' in DE"):
            assess("books", "toys", shipping=None)

    def test_takes_contained_tax_off(self, commit, assess):
        """Where no tax is due, the listed price contains that of the shop's country."""
        commit(make_european_rates)

        reverse = assess("standard", "books", country="FR", tax_id=FRENCH)
        export = assess("standard", "books", country="US")

        for answer, reason in ((reverse, "reverse_charge"), (export, "export")):
            parts = [*answer.lines, answer.shipping]
            assert [tax.relief_ppm for tax in parts] == [190_000, 70_000, 190_000]
            assert {(rate.ppm, rate.reason) for tax in parts for rate in tax.rates} == {(0, reason)}

    def test_charges_the_rates_of_the_shop_below_the_threshold(self, commit, assess):
        """Without OSS and registration, customers in the EU pay the rates of the shop."""
        commit(make_european_rates)

        answer = assess("books", country="FR")

        assert ppm_of(answer.lines[0]) == {"de-books": 70_000}


class TestOneStopShop:
    @pytest.fixture
    def settings(self):
        """A shop that charges the customer's rates, on top of its prices, and sells gift cards."""
        return {
            "country": "DE",
            "one_stop_shop": True,
            "prices_include_tax": False,
            "exempt_tax_codes": ["gift_card"],
            "rounding": "rate",
        }

    def test_charges_the_rates_of_the_customer(self, commit, assess):
        """Each tax code has the rate of the customer's country."""
        commit(make_european_rates)

        answer = assess("books", None, country="FR")

        assert [ppm_of(tax) for tax in answer.lines] == [
            {"fr-books": 55_000},
            {"fr-standard": 200_000},
        ]
        assert (answer.included, answer.rounding) == (False, "rate")

    def test_has_no_relief(self, assess, statements):
        """Prices without tax contain none, so that exports need no rate and no statement."""
        with statements as sent:
            answer = assess(None, country="US")

        assert answer.lines[0].relief_ppm == 0
        assert len(sent) == 0, sent

    def test_never_taxes_exempt_codes(self, commit, assess):
        """A gift card is exempt everywhere, without a rate in the table."""
        commit(make_european_rates)

        lines = assess("gift_card", None).lines

        assert [rate.reason for tax in lines for rate in tax.rates] == ["exempt", "standard"]

    def test_names_places_without_rates(self, commit):
        """The doctor names each member state that has no rate for the default tax code."""
        commit(make_european_rates)

        mistake = commit(missing_rates)

        assert mistake.startswith("no rate for 'standard' in AT, BE, BG, CY, CZ, DK,")
        assert not {" DE,", " FR,", " GR,"} & {f" {word}" for word in mistake.split()}


class TestRegions:
    @pytest.fixture
    def settings(self):
        """A Canadian shop with prices without tax."""
        return {"country": "CA", "prices_include_tax": False}

    def test_adds_the_taxes_of_a_place(self, commit, assess):
        """Rates with other codes are due together; those of a region replace the country's."""
        commit(make_rate, "CA", 50_000, code="gst")
        commit(make_rate, "CA", 50_000, code="gst", region="BC")
        commit(make_rate, "CA", 70_000, code="bc-pst", region="BC")
        commit(make_rate, "CA", 0, code="gst", region="BC", tax_code="food", reason="zero")

        in_bc = assess(None, "food", country="CA", region="bc")
        elsewhere = assess(None, "food", country="CA", region="YT")

        assert [ppm_of(tax) for tax in in_bc.lines] == [
            {"gst": 50_000, "bc-pst": 70_000},
            {"gst": 0},
        ]
        assert [ppm_of(tax) for tax in elsewhere.lines] == [{"gst": 50_000}] * 2

    def test_has_every_rate(self, commit):
        """The doctor is content where each place has a rate."""
        commit(make_rate, "CA", 50_000)

        assert commit(missing_rates) is None
