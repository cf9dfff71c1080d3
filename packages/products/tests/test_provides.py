import pytest

from mercato_products.provides import ProductStock
from mercato_testing.contracts import StockSuite

from . import factories


class TestStock(StockSuite):
    provider = ProductStock

    @pytest.fixture
    def variants(self, commit):
        """Three variants with ten units each."""
        return commit(factories.make_variants, 3, stock=10)
