import sys
from importlib import import_module
from pathlib import Path

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_dev.index import serve_index
from mercato_dev.wheelmaking import write_wheel
from mercato_host import create_app

from .shops import Shop

GUARDED = Path(__file__).parent / "guarded"


def pytest_configure(config):
    """Know the marker of tests that provoke a fault; the host's README lists them."""
    config.addinivalue_line("markers", "provokes(*codes): the test provokes faults of these codes")


@pytest.fixture(scope="session")
def libraries(tmp_path_factory):
    """An index that has the host and all it needs, the same for every test."""
    with serve_index(tmp_path_factory.mktemp("index")) as index:
        index.add_installed("mercato-host")
        yield index


@pytest.fixture(scope="session")
def few_libraries(tmp_path_factory):
    """An index with little in it: enough to lock, and to be refused."""
    with serve_index(tmp_path_factory.mktemp("few")) as index:
        flask = {"console_scripts": {"flask": "flask.app:main"}}
        files = {"flask/__init__.py": "", "flask/app.py": ""}
        write_wheel(index.folder, "flask", "3.1", files, entry_points=flask)
        write_wheel(index.folder, "mercato-kit", "1.0", {"mercato_kit/__init__.py": ""})
        host = {"mercato_host/__init__.py": ""}
        needs = ["flask>=3.1", "mercato-kit>=1.0,<2"]
        write_wheel(index.folder, "mercato-host", "1.0", host, requires=needs)
        yield index


@pytest.fixture
def shop(tmp_path, libraries):
    """A deployment that installs from an index, and nothing installed."""
    with libraries.restored():
        yield Shop(tmp_path / "shop", libraries)


@pytest.fixture
def small_shop(tmp_path, few_libraries):
    """A deployment that is locked quickly, and installs nothing that runs."""
    with few_libraries.restored():
        yield Shop(tmp_path / "shop", few_libraries)


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder that distributions can be installed into."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, empty_database):
    """An empty database of each kind."""
    return empty_database(request.param)


@pytest.fixture
def deployment(tmp_path):
    """A function that makes a testing deployment; its database is a file that may not be there."""

    def make(**tables):
        url = f"sqlite:///{tmp_path}/shop.db"
        return read_deployment({"environment": "testing", "database": {"url": url}, **tables})

    return make


@pytest.fixture
def client_of(deployment):
    """A function that boots manifests and returns a client; keywords are tables of the file."""

    def boot(*manifests, **tables):
        return create_app(deployment(**tables), features=manifests).test_client()

    return boot


@pytest.fixture(scope="module")
def guarded_packages():
    """The features of the SQL guard's tests, as packages that can be imported."""
    sys.path.insert(0, str(GUARDED))
    yield import_module("mercato_baskets"), import_module("mercato_wares")
    sys.path.remove(str(GUARDED))


@pytest.fixture
def baskets(guarded_packages):
    """The package of the feature that asks."""
    return guarded_packages[0]


@pytest.fixture
def wares(guarded_packages):
    """The package of the feature that owns."""
    return guarded_packages[1]
