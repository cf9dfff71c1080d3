import re
import time
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from mercato_testing.mails import MESSAGES
from mercato_users import key_ring, passwords
from mercato_users.cli import commands
from mercato_users.feature import feature  # noqa: F401 - the feature under test

from . import factories
from .drawn import VIEW_CASES


@pytest.fixture
def fakes():
    """Mails are written and kept by a fake."""
    return [MESSAGES]


@pytest.fixture
def view_cases():
    """How the rows of the views are drawn."""
    return VIEW_CASES


@pytest.fixture
def as_user(app, commit):
    """A function that returns a logged-in client: ``as_user(email="zoe@example.com")``."""

    def make(*, permissions=(), email=None, name=None):
        address = commit(factories.make_user, email=email, given_name=name).email
        if permissions:
            commit(factories.give, address, permissions)
        client = app.test_client()
        tokens = factories.log_in(client, address)
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tokens['access_token']}"
        client.tokens = tokens
        return client

    return make


class _WithKnownKeys:
    """A counter of statements that does not count the read of signing keys, every 30 seconds."""

    def __init__(self, app, statements):
        self._app = app
        self._statements = statements

    def __enter__(self):
        with self._app.app_context():
            key_ring.current_ring().read()
        return self._statements.__enter__()

    def __exit__(self, *exception):
        self._statements.__exit__(*exception)


@pytest.fixture
def statements(app, statements):
    """A counter of SQL statements; the keys of access tokens have just been read."""
    return _WithKnownKeys(app, statements)


@pytest.fixture
def read_with(client):
    """A function that reads with an API key: ``read_with(key, "/v1/users")``."""
    return lambda key, path: client.get(path, headers=factories.bearer(key))


@pytest.fixture
def mails(postbox, deliver_events):
    """A function that delivers events and returns the mails that were posted, oldest first."""

    def read():
        deliver_events()
        return postbox.take()

    return read


@pytest.fixture
def hashes_of(app):
    """A function that runs a call ten times, and returns its CPU time in password hashes."""

    def seconds(call):
        start = time.process_time()
        for _ in range(10):
            call()
        return time.process_time() - start

    def measure(call):
        with app.app_context():
            hashing = seconds(lambda: passwords.hash_password(factories.PASSWORD))
        return seconds(call) / hashing

    return measure


@pytest.fixture
def token_in():
    """A function that returns the token of the link in a mail."""

    def read(mail):
        link = re.search(r"https?://\S+", mail.get_content()).group()
        return parse_qs(urlsplit(link).query)["token"][0]

    return read


@pytest.fixture
def mercato_users(app, commit):
    """A function that runs ``mercato users …`` with an input, as the host does."""

    def run(*arguments, typed=""):
        command = partial(CliRunner().invoke, commands, arguments, input=typed)
        return commit(command, catch_exceptions=False)

    return run
