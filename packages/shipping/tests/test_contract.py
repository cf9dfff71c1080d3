import pytest

from mercato_shipping.provides import ZoneShipping
from mercato_testing.contracts import ShippingSuite
from mercato_testing.contracts.baskets import sample_basket

from .factories import make_german_zone


class TestContract(ShippingSuite):
    provider = ZoneShipping

    @pytest.fixture
    def basket(self, commit):
        """A basket for Berlin, where a zone has methods."""
        commit(make_german_zone)
        return sample_basket(shipping=None)
