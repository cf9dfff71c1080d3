import pytest

from mercato_shipping.feature import feature  # noqa: F401 - the feature under test

from .drawn import VIEW_CASES


@pytest.fixture
def view_cases():
    """How the rows of the views are drawn."""
    return VIEW_CASES
