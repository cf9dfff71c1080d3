import socket
import threading
from contextlib import contextmanager

import pytest

from mercato_payments_sandbox.feature import feature  # noqa: F401 - the feature under test
from mercato_payments_sandbox.server import prepared

from .api import Api

SECRET = "a-secret-of-the-tests"


@contextmanager
def running(database, **options):
    """Run a sandbox in a thread of this process."""
    with prepared(database, SECRET, **options) as (sandbox, server):
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield sandbox
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A sandbox that the tests of a module share; it posts no webhooks."""
    with running(tmp_path_factory.mktemp("sandbox") / "sandbox.db") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(server):
    """The sandbox, without payments."""
    server.ledger.reset()
    return server


@pytest.fixture
def settings(server):
    """Settings of a shop that calls the sandbox."""
    return {
        "url": server.url,
        "secret": SECRET,
        "former_secrets": ["a-former-secret"],
        "timeout_seconds": 10,
    }


@pytest.fixture
def api(sandbox):
    """A shop that calls the sandbox."""
    made = Api(sandbox.url, SECRET)
    with made.http:
        yield made


@pytest.fixture
def free_port():
    """A free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
