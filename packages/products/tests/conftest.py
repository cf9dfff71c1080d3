import pytest

from mercato_products.feature import feature  # noqa: F401 - the feature under test

from . import factories
from .drawn import VIEW_CASES
from .factories import LAMP


@pytest.fixture
def view_cases():
    """How the rows of the views are drawn."""
    return VIEW_CASES


@pytest.fixture
def lamp(charlie):
    """The lamp, as the response to its creation."""
    return charlie.post("/v1/products", json=LAMP).json


@pytest.fixture
def mug(commit):
    """The id of a product with two variants, and the ids of the variants."""
    return commit(factories.make_product, variants=2)
