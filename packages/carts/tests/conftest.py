import pytest

from mercato_carts.feature import feature  # noqa: F401 - the feature under test

from .fakes import SHOP


@pytest.fixture
def fakes():
    """The fake feature that offers the contracts carts need."""
    return [SHOP]
