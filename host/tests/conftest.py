import pytest

from mercato_host.testing.index import serve_index

from .shops import Shop


def pytest_configure(config):
    """Know the marker of tests that provoke a fault; the host's README lists them."""
    config.addinivalue_line("markers", "provokes(*codes): the test provokes faults of these codes")


@pytest.fixture(scope="session")
def libraries(tmp_path_factory):
    """An index that has the host and all it needs, the same for every test."""
    folder = tmp_path_factory.mktemp("index")
    with serve_index(folder) as index:
        index.add_installed("mercato-host")
        yield index


@pytest.fixture
def package_index(libraries):
    """An index that has the host, and what the test adds to it."""
    kept = set(libraries.folder.iterdir())
    yield libraries
    libraries.clear(kept)


@pytest.fixture
def shop(tmp_path, package_index):
    """A deployment that installs from the index, and nothing installed."""
    return Shop(tmp_path / "shop", package_index)
