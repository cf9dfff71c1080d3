import pytest

from mercato_contracts.stock import Stock
from mercato_kit import services
from mercato_kit.db import session
from mercato_products.feature import feature  # noqa: F401 - the feature under test
from mercato_products.models import DEFAULT_LOCATION_ID, Reservation, StockLevel

from . import factories
from .drawn import VIEW_CASES
from .factories import LAMP
from .invariants import check_invariants


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


@pytest.fixture
def stock(commit):
    """A function that calls the contract, each call in its own unit of work."""

    def call(verb, *arguments):
        return commit(lambda: getattr(services.get(Stock), verb)(*arguments))

    return call


@pytest.fixture
def read(commit):
    """A function that returns on_hand and reserved of a variant."""

    def level(variant_id):
        row = session.get(StockLevel, (variant_id, DEFAULT_LOCATION_ID))
        return row.on_hand, row.reserved

    return lambda variant_id: commit(level, variant_id)


@pytest.fixture
def status(commit):
    """A function that returns the status of a reservation."""
    return lambda reference: commit(lambda: session.get(Reservation, reference).status)


@pytest.fixture
def invariants(commit):
    """Check the invariants after the test."""
    yield
    commit(check_invariants)
