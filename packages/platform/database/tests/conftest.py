import pytest

from mercato_database import privacy as engine
from mercato_kit import privacy
from mercato_testing.samples.fixtures import client_of, deployment, url, wheels

__all__ = ["client_of", "deployment", "url", "wheels"]


@pytest.fixture
def ask(app, commit):
    """Return a function that stores a request, runs it once, and returns it."""

    def ask(kind, subject, **options):
        request_id = commit(privacy.request, kind, subject)
        with app.app_context():
            engine.run(request_id, **options)
        return commit(privacy.get, request_id)

    return ask
