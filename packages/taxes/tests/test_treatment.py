import pytest
from hypothesis import given, strategies as st

from mercato_contracts.baskets import Address
from mercato_contracts.taxes import InvalidTaxId
from mercato_taxes.settings import TaxesSettings
from mercato_taxes.treatment import Treatment, treat

OWN = {"country": "DE", "tax_id": "DE136695976"}
GERMAN, FRENCH = "DE136695976", "FR40303265045"


def treated(to=None, buyer=None, region=None, **settings):
    """Return how a German shop treats a customer with a tax id."""
    address = to and Address("Ada", "1 Road", "Town", to, region=region)
    return treat(TaxesSettings(**(OWN | settings)), address, buyer)


class TestTreat:
    @pytest.mark.parametrize("tax_id", [None, GERMAN, FRENCH])
    def test_taxes_at_home(self, tax_id):
        """Customers in the shop's country pay its rates, with any VAT id."""
        assert treated("DE", tax_id) == Treatment("DE")
        assert treated(None, tax_id) == Treatment("DE")

    def test_reverses_the_charge(self):
        """Businesses in another member state pay no tax, if their id is of another one, too."""
        reverse = Treatment("DE", relief="reverse_charge")

        assert treated("FR", FRENCH) == treated("AT", FRENCH) == reverse
        assert treated("FR", FRENCH, one_stop_shop=True) == reverse
        assert treated("FR", FRENCH, registrations=["FR"]) == reverse
        assert treated("FR", GERMAN) == treated("FR") == Treatment("DE")

    def test_never_reverses_the_charge_without_an_own_id(self):
        """A shop without a VAT id charges tax to businesses, too."""
        assert treated("FR", FRENCH, tax_id=None) == Treatment("DE")

    def test_charges_the_rates_of_the_customer_where_the_shop_is_registered(self):
        """With OSS in all of the EU, else in registered countries."""
        assert treated("FR", one_stop_shop=True) == Treatment("FR")
        assert treated("FR", registrations=["FR"]) == Treatment("FR")
        assert treated("FR", registrations=["AT"]) == Treatment("DE")
        assert treated("CH", registrations=["CH"]) == Treatment("CH")

    def test_exports(self):
        """Elsewhere no tax is due, and a tax id is not looked at."""
        export = Treatment("DE", relief="export")

        assert treated("US") == treated("US", "94-3319253") == export
        assert treated("GB", one_stop_shop=True) == export
        swiss = {"country": "CH", "tax_id": None}
        assert treated("FR", **swiss) == Treatment("CH", relief="export")

    def test_charges_in_registered_regions_only(self):
        """A country that is only registered by regions is taxed in these."""
        shop = {"country": "US", "tax_id": None, "registrations": ["US-CA", "US-NY"]}

        assert treated("US", region="ca", **shop) == Treatment("US", "CA")
        assert treated("US", region=" US-NY ", **shop) == Treatment("US", "NY")
        for region in ("TX", None):
            none = treated("US", region=region, **shop)
            assert none == Treatment("US", relief="not_registered")

    @pytest.mark.parametrize("country", [None, "DE", "FR"])
    @pytest.mark.parametrize("tax_id", ["DE136695978", "94-3319253", "EU372022452"])
    def test_refuses_invalid_ids(self, country, tax_id):
        """In the EU an id must be a VAT id of a member state."""
        with pytest.raises(InvalidTaxId):
            treated(country, tax_id)

    @given(
        to=st.none() | st.sampled_from(["DE", "FR", "GR", "US", "CH"]),
        buyer=st.sampled_from([None, GERMAN, FRENCH]),
        region=st.sampled_from([None, "CA", "us-ny"]),
        one_stop_shop=st.booleans(),
        registrations=st.lists(st.sampled_from(["FR", "CH", "US", "US-CA"]), unique=True),
        own=st.sampled_from([{}, {"tax_id": None}, {"country": "US", "tax_id": None}]),
    )
    def test_takes_only_the_shops_own_tax_off(self, to, buyer, region, own, **settings):
        """Rates are those of the shop or of the customer; what is relieved is the shop's own."""
        shop = OWN | own | settings

        found = treated(to, buyer, region, **shop)

        home = shop["country"]
        assert found.country in {home, to or home}
        if found.relief is not None:
            assert found.country == home
            assert to != home or "US-CA" in shop["registrations"]
        if found.relief == "reverse_charge":
            assert (shop["tax_id"], buyer) == (GERMAN, FRENCH)
            assert to in {"FR", "GR"}
