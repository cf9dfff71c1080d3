import pytest

from mercato_dev.index import serve_index
from mercato_dev.wheel_writer import write_wheel
from mercato_testing.samples.fixtures import client_of, deployment, url, wheels

from .shops import Shop

__all__ = ["client_of", "deployment", "url", "wheels"]


@pytest.fixture(scope="session")
def libraries(tmp_path_factory):
    """An index with the host and all its requirements, shared by all tests."""
    with serve_index(tmp_path_factory.mktemp("index")) as index:
        index.add_installed("mercato-host")
        yield index


@pytest.fixture(scope="session")
def few_libraries(tmp_path_factory):
    """An index with a few small wheels, for tests that lock and run nothing."""
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
    """A deployment with an index, without a lock or environments."""
    with libraries.restored():
        yield Shop(tmp_path / "shop", libraries)


@pytest.fixture
def small_shop(tmp_path, few_libraries):
    """A deployment with the small index: quick to lock, but its host cannot run."""
    with few_libraries.restored():
        yield Shop(tmp_path / "shop", few_libraries)
