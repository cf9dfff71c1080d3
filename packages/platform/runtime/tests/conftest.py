import sys
from importlib import import_module
from pathlib import Path

import pytest

from mercato_testing.samples.fixtures import client_of, deployment, url, wheels

__all__ = ["client_of", "deployment", "url", "wheels"]

GUARDED = Path(__file__).parent / "guarded"


@pytest.fixture(scope="module")
def guarded_packages():
    """The packages of the two features for tests of the SQL guard."""
    sys.path.insert(0, str(GUARDED))
    yield import_module("mercato_baskets"), import_module("mercato_wares")
    sys.path.remove(str(GUARDED))


@pytest.fixture
def baskets(guarded_packages):
    """The package of the feature that sends statements."""
    return guarded_packages[0]


@pytest.fixture
def wares(guarded_packages):
    """The package of the feature that owns the tables."""
    return guarded_packages[1]
