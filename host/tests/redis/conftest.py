"""Shops that share a Redis."""

from contextlib import ExitStack

import pytest

from ..together.shop import free_port, running_shop
from .servers import PASSWORD, running_redis, wait_for

DEPLOYMENT = """
environment = "testing"
[database]
url = "sqlite:///{folder}/shop.db"
[server]
workers = 2
threads = 8
requests_per_minute = {limit}
[redis]
url = "{redis}"
[features.users]
"""

LIMIT = 20


@pytest.fixture
def port():
    """A port for Redis."""
    return free_port()


@pytest.fixture
def url(port):
    """The URL of Redis, with its password."""
    return f"redis://:{PASSWORD}@127.0.0.1:{port}/0"


@pytest.fixture
def server(tmp_path, port, url):
    """A running Redis."""
    with running_redis(tmp_path, port) as process:
        wait_for(url)
        yield process


@pytest.fixture
def open_shops(tmp_path):
    """A function that runs shops of one Redis, and returns them."""
    with ExitStack() as stack:

        def start(url, *, number=1, limit=LIMIT):
            file = tmp_path / "deployment.toml"
            file.write_text(DEPLOYMENT.format(folder=tmp_path, limit=limit, redis=url))
            shops = (running_shop(file, {}, worker=False) for _ in range(number))
            return [stack.enter_context(shop) for shop in shops]

        yield start
