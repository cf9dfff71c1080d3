import pytest
import sqlalchemy as sa

from mercato_database import privacy as engine
from mercato_kit import privacy
from mercato_kit.db import session
from mercato_testing.samples.fixtures import client_of, deployment, url, wheels

from .lending import Library
from .persons import Account, Letter, Parcel, make_due

__all__ = ["client_of", "deployment", "url", "wheels"]


@pytest.fixture
def new_library(tmp_path, monkeypatch, url):
    """A library without tables, whose features can be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    return Library(tmp_path, url)


@pytest.fixture
def library(new_library):
    """A library with tables."""
    assert new_library.mercato("db", "upgrade").exit_code == 0
    return new_library


@pytest.fixture
def ask(app, commit):
    """Return a function that stores a request, runs it once, and returns it."""

    def ask(kind, subject, **options):
        request_id = commit(privacy.request, kind, subject)
        with app.app_context():
            engine.run(request_id, **options)
        return commit(privacy.get, request_id)

    return ask


@pytest.fixture
def ask_later(app, commit):
    """Return a function that runs a request again when all pauses have ended, and returns it."""

    def ask_later(request, **options):
        commit(make_due)
        with app.app_context():
            engine.run(request.id, **options)
        return commit(privacy.get, request.id)

    return ask_later


@pytest.fixture
def texts(commit):
    """Return a function that reads everything that names a person."""
    return lambda: commit(
        lambda: {
            text
            for column in (Account.email, Letter.text, Parcel.address)
            for text in session.scalars(sa.select(column))
            if text is not None
        }
    )
