"""A mail server on loopback, and orders that a fake knows."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_notifications.feature import feature  # noqa: F401 - the feature under test
from mercato_notifications.models import Message

from .fakes import ORDERS
from .mail_server import MailServer


@pytest.fixture(scope="session")
def _server():
    with MailServer(enable_SMTPUTF8=True) as running:
        yield running


@pytest.fixture
def mailbox(_server):
    """The mailbox of the mail server, without mails."""
    _server.mailbox.clear()
    return _server.mailbox


@pytest.fixture
def settings(_server):
    """Send mail to the server of the tests."""
    return {
        "mail": "smtp",
        "smtp_host": "127.0.0.1",
        "smtp_port": _server.port,
        "smtp_security": "none",
        "staff_email": "staff@example.com",
    }


@pytest.fixture
def fakes():
    """Orders that the tests make."""
    return [ORDERS]


@pytest.fixture
def messages(commit):
    """A function that returns the rows of mails, oldest first."""

    def read():
        return commit(lambda: session.scalars(sa.select(Message).order_by(Message.id)).all())

    return read


@pytest.fixture
def later(commit):
    """A function that lets time pass for all mails: what is due in the meantime is due now."""

    def move(**duration):
        passed = timedelta(**duration)
        for message in session.scalars(sa.select(Message)):
            message.created_at -= passed
            message.leased_until = None
            if message.next_attempt_at is not None:
                message.next_attempt_at -= passed

    return lambda **duration: commit(move, **duration)
