"""A small index, and a folder of downloaded wheels that the tests share."""

import pytest


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """The folder of downloaded wheels."""
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def shop(small_shop):
    """The small index is enough: no test here runs the host."""
    return small_shop


@pytest.fixture
def mercato(shop, store):
    """Run a command that uses the shared folder of wheels."""
    return lambda *arguments: shop.mercato(*arguments, f"--into={store}")
