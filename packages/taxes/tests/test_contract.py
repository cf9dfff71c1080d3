import pytest

from mercato_taxes.provides import RateTaxes
from mercato_testing.contracts import TaxesSuite
from mercato_testing.contracts.baskets import sample_basket, sample_line

from .factories import make_european_rates


class TestContract(TaxesSuite):
    provider = RateTaxes

    @pytest.fixture
    def basket(self, commit):
        """A lamp and a book for a customer in Berlin."""
        commit(make_european_rates)
        return sample_basket(lines=(sample_line(0), sample_line(1, tax_code="books")))


class TestContractOfReliefs(TestContract):
    @pytest.fixture
    def basket(self, commit):
        """A lamp and a book for a business in Paris, without tax."""
        commit(make_european_rates)
        lines = (sample_line(0), sample_line(1, tax_code="books"))
        address = sample_basket().shipping_address
        paris = type(address)("Marie", "11 Rue des Lilas", "Paris", "FR", postal_code="75003")
        return sample_basket(lines=lines, shipping_address=paris, tax_id="FR40303265045")
