import pytest

from mercato_carts.feature import feature  # noqa: F401 - the feature under test

from . import factories
from .factories import Shopper
from .fakes import SHOP


@pytest.fixture
def fakes():
    """The fake feature that offers the contracts carts need."""
    return [SHOP]


@pytest.fixture
def lamp(commit):
    """The id of a variant: 12.50 EUR, 100 in stock."""
    return commit(factories.make_item)


@pytest.fixture
def mug(commit):
    """The id of a variant: 4.00 EUR, 100 in stock."""
    return commit(factories.make_item, sku="MUG", unit_amount=400)


@pytest.fixture
def guest(client):
    """A guest with a cart."""
    return Shopper(client)
