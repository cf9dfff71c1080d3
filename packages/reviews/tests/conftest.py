"""The cast: alice writes things, bob is another customer, charlie is staff."""

import pytest

from mercato_reviews.feature import feature  # noqa: F401 - the feature under test

from . import factories
from .drawn import VIEW_CASES
from .fakes import CATALOG, LAMP, MUG, ORDERS


@pytest.fixture
def fakes():
    """The fake providers of the contracts that reviews use."""
    return [CATALOG, ORDERS]


@pytest.fixture
def view_cases():
    """How the rows of the views are drawn."""
    return VIEW_CASES


@pytest.fixture
def expanded_ids(commit):
    """Two products with reviews."""
    for product_id in (LAMP, MUG):
        commit(factories.make_reviews, 3, product_id=product_id)
    return {"catalog.product": [LAMP, MUG]}


@pytest.fixture
def alices(alice):
    """The body of a review of alice: the lamp, 4 of 5."""
    return alice.post("/v1/reviews", json=factories.body_of()).json
