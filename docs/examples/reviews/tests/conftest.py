"""The cast: alice owns things, bob is another customer, charlie is staff."""

import pytest

from mercato_reviews.feature import feature  # noqa: F401 - the feature under test

from . import factories
from .fakes import CATALOG


@pytest.fixture
def fakes():
    """The fake provider of the contract that reviews need."""
    return [CATALOG]


@pytest.fixture
def alices(alice):
    """The body of a review of alice."""
    return alice.post("/v1/reviews", json=factories.body_of()).json
