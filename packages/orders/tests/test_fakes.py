import pytest

from mercato_testing.contracts import StockSuite

from . import factories
from .fakes import WarehouseStock


class TestWarehouseStock(StockSuite):
    provider = WarehouseStock

    @pytest.fixture
    def variants(self, commit):
        """Three variants with ten units each."""
        return [commit(factories.make_item, in_stock=10) for _ in range(3)]
