import pytest

from mercato_taxes.feature import feature  # noqa: F401 - the feature under test

from .drawn import VIEW_CASES


@pytest.fixture
def settings():
    """A German shop that may sell by reverse charge."""
    return {"country": "DE", "tax_id": "DE136695976"}


@pytest.fixture
def view_cases():
    """How the rows of the views are drawn."""
    return VIEW_CASES
