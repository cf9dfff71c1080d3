import pytest

from mercato_mfa.feature import feature  # noqa: F401 - the feature under test

from .accounts import ACCOUNTS, BOOK
from .authenticator import Authenticator


@pytest.fixture
def fakes():
    """The fake feature that offers the contract mfa needs."""
    return [ACCOUNTS]


@pytest.fixture(autouse=True)
def book():
    """What the fake accounts know: no account has a factor."""
    BOOK.reset()
    return BOOK


@pytest.fixture
def authenticator():
    """A new authenticator in software, of a browser on the shop's page."""
    return Authenticator()
