import os
import shutil
import time

import pytest
import sqlalchemy as sa

from mercato_kit import db, models, work
from mercato_testing.postgresql import running_server

from . import demo


@pytest.fixture(scope="session")
def run_directory(tmp_path_factory):
    """The directory of this test run, shared by all workers."""
    directory = tmp_path_factory.getbasetemp()
    return directory.parent if "PYTEST_XDIST_WORKER" in os.environ else directory


@pytest.fixture(scope="session")
def postgresql_server(run_directory):
    """The PostgreSQL server of this test run."""
    with running_server(run_directory / "postgresql") as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_url(postgresql_server):
    """A PostgreSQL database with the tables, for this worker only."""
    url = postgresql_server.create_database(f"kit_{os.getpid()}")
    demo.create_tables(url)
    return url


@pytest.fixture(scope="session")
def _tables():
    tables = [*models.Base.metadata.sorted_tables, *demo.Base.metadata.sorted_tables]
    return ", ".join(table.name for table in tables)


@pytest.fixture
def empty_postgresql_url(postgresql_url, _tables):
    """The PostgreSQL database without tables; emptied after the test."""
    yield postgresql_url
    engine = sa.create_engine(postgresql_url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {_tables}"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A SQLite file with the tables, used as a template."""
    file = tmp_path_factory.mktemp("template") / "kit.db"
    demo.create_tables(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(tmp_path, sqlite_template):
    """A SQLite database with the tables."""
    file = shutil.copy(sqlite_template, tmp_path / "kit.db")
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request):
    """Each database in turn."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "empty_postgresql_url"}[request.param]
    return request.getfixturevalue(fixture)


@pytest.fixture
def boot():
    """A function that makes apps, which are closed after the test."""
    apps = []

    def make(url, **options):
        app = demo.make_app(url, **options)
        apps.append(app)
        return app

    yield make
    for app in apps:
        with app.app_context():
            app.extensions["sqlalchemy"].engine.dispose()


@pytest.fixture
def app(boot, database_url):
    """The demo app on each database."""
    return boot(database_url)


@pytest.fixture
def client(app):
    """A guest client of the demo app on each database."""
    return app.test_client()


@pytest.fixture
def paper(boot, sqlite_url):
    """A client of the demo app, for tests that do not depend on the database."""
    return boot(sqlite_url).test_client()


@pytest.fixture
def in_unit(app):
    """A function that runs a step in its own unit of work, as a request would."""

    def run(step, **options):
        with app.app_context():
            return work.run(step, **options)

    return run


@pytest.fixture
def post(client):
    """A function that adds a note with an idempotency key."""

    def post(title="a", *, key=demo.KEY, person=None, path="/v1/notes", **members):
        headers = {} if key is None else {"Idempotency-Key": key}
        if person:
            headers["Authorization"] = f"Bearer {person}"
        return client.post(path, json={"title": title, **members}, headers=headers)

    return post


@pytest.fixture
def keys(app):
    """The stored idempotency keys."""

    def keys():
        with app.app_context():
            return list(db.session.scalars(sa.select(models.IdempotencyKey)))

    return keys


@pytest.fixture
def eventually():
    """A function that waits until a condition is met, for ten seconds at most."""

    def wait(condition):
        give_up_at = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < give_up_at
            time.sleep(0.01)

    return wait
