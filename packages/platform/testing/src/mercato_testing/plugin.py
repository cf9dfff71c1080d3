"""pytest plugin: the real host with one feature, on real databases.

A ``conftest.py`` names the feature, and its tests can use the fixtures::

    from mercato_reviews.feature import feature

Each test that uses ``database``, directly or through ``app`` or ``client``, runs on SQLite and on
PostgreSQL. Databases, apps and servers are shared; each test starts with the rows of the
migrations only.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from mercato_composition.features.quality import RECORD
from mercato_kit.db import new_id, session
from mercato_kit.events import Event
from mercato_kit.feature import Feature
from mercato_kit.models import OutboxEvent
from mercato_kit.outbox import event_of
from mercato_runtime.worker import Tally, Worker, run_once
from mercato_testing.client import Client
from mercato_testing.databases import Database, Databases
from mercato_testing.mails import POSTBOX, Postbox
from mercato_testing.network import only_loopback
from mercato_testing.postgresql import Server, running_server
from mercato_testing.quality import MARKER, QualityScale
from mercato_testing.server_keys import ServerKey
from mercato_testing.stage import Apps, Fake, Stage, set_up
from mercato_testing.staged import AsUser, Commit, MakeStaged, Staged
from mercato_testing.statements import StatementCounter
from mercato_testing.views import ViewCase

_NOTHING: Mapping[str, Any] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin."""
    parser.addoption(
        f"--record-{MARKER}",
        action="store_true",
        help=f"write the level of the quality scale that a feature reaches into its {RECORD}",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Measure features by the rules that run."""
    config.addinivalue_line("markers", f"{MARKER}(level): the test is a rule of a level")
    config.pluginmanager.register(QualityScale(config))


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Keep the tests off the network."""
    with only_loopback():
        yield


@pytest.fixture(scope="session")
def _run_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def postgresql_server(_run_directory: Path) -> Iterator[Server]:
    """Yield the PostgreSQL server of this test run; its databases do not survive a crash."""
    with running_server(_run_directory / "postgresql") as server:
        yield server


@pytest.fixture(scope="session")
def _databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return Databases(tmp_path_factory.mktemp("sqlite"), worker)


@pytest.fixture(scope="session")
def _apps() -> Iterator[Apps]:
    apps = Apps()
    yield apps
    apps.close()


@pytest.fixture
def feature(request: pytest.FixtureRequest) -> Feature:
    """Return the feature under test: ``feature`` of the class, the module or a conftest.py."""
    conftests = [
        plugin
        for plugin in request.config.pluginmanager.get_plugins()
        if Path(str(getattr(plugin, "__file__", ""))).name == "conftest.py"
        and request.path.is_relative_to(Path(str(plugin.__file__)).parent)
    ]
    nearest_first = sorted(conftests, key=lambda plugin: len(plugin.__file__), reverse=True)
    for owner in (request.cls, getattr(request, "module", None), *nearest_first):
        found = getattr(owner, "feature", None)
        if isinstance(found, Feature):
            return found
    raise pytest.UsageError(
        "no feature under test: add `from mercato_x.feature import feature` to conftest.py"
    )


@pytest.fixture
def fakes() -> Sequence[Fake]:
    """Return offers of the contracts that the feature needs, or manifests. Override this."""
    return ()


@pytest.fixture
def settings() -> Mapping[str, Any]:
    """Return the settings of the feature under test. Override this."""
    return {}


@pytest.fixture
def view_cases() -> Mapping[str, ViewCase]:
    """Return how the rows of the feature's views are drawn, by view. Override this."""
    return {}


@pytest.fixture
def expanded_ids() -> Mapping[str, Sequence[UUID]]:
    """Return ids that the feature's expansions have values for, by what they expand.

    Override this: ``{"catalog.product": [first_id, second_id]}``.
    """
    return {}


@pytest.fixture
def permissions(feature: Feature) -> Sequence[str]:
    """Return the permissions of charlie: all of the feature. Override this for fewer."""
    return sorted(feature.permissions)


@pytest.fixture
def _stage(feature: Feature, fakes: Sequence[Fake], settings: Mapping[str, Any]) -> Stage:
    return set_up(feature, fakes, settings)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, _stage: Stage, _databases: Databases) -> Database:
    """Return a migrated database with the rows of the migrations, once for each kind."""
    return _database(request, _stage, request.param, _databases)


def _database(
    request: pytest.FixtureRequest, stage: Stage, kind: str, databases: Databases
) -> Database:
    if kind == "sqlite":
        return databases.sqlite(stage.features)
    server = cast("Server", request.getfixturevalue("postgresql_server"))
    return databases.postgresql(server, stage.features)


@pytest.fixture
def app(database: Database, _stage: Stage, _apps: Apps) -> Flask:
    """Return the app of the real host with the feature under test and its fakes."""
    return _apps.get(_stage, database)


@pytest.fixture
def client(app: Flask) -> Client:
    """Return the client of a guest."""
    return cast("Client", app.test_client())


@pytest.fixture
def as_user(app: Flask, _stage: Stage) -> AsUser:
    """Return a function that makes clients: ``as_user(permissions=["stock.write"])``."""
    staged = Staged(app, _stage)
    # That the app has no fake identity is said before the test begins.
    staged.as_user()
    return staged.as_user


@pytest.fixture
def alice(as_user: AsUser) -> Client:
    """Return the client of a customer, the owner of things in tests."""
    return as_user(email="alice@example.com", name="Alice")


@pytest.fixture
def bob(as_user: AsUser) -> Client:
    """Return the client of another customer."""
    return as_user(email="bob@example.com", name="Bob")


@pytest.fixture
def charlie(as_user: AsUser, permissions: Sequence[str]) -> Client:
    """Return the client of a member of staff."""
    return as_user(email="charlie@example.com", name="Charlie", permissions=permissions)


@pytest.fixture
def commit(app: Flask, _stage: Stage) -> Commit:
    """Return a function that runs another in a unit of work: ``commit(make, name="Lamp")``."""
    return Staged(app, _stage).commit


@pytest.fixture
def statements(app: Flask, _stage: Stage) -> StatementCounter:
    """Return a counter: ``with statements as sent: …``, then ``assert len(sent) <= 14, sent``."""
    return Staged(app, _stage).statements


@pytest.fixture
def server_key(app: Flask) -> Iterator[ServerKey]:
    """Return the server key: ``server_key.change()``, then ``server_key.end_previous()``."""
    key = ServerKey(app)
    yield key
    key.restore()


@pytest.fixture
def staged(
    request: pytest.FixtureRequest,
    database: Database,
    fakes: Sequence[Fake],
    _stage: Stage,
    _databases: Databases,
    _apps: Apps,
) -> MakeStaged:
    """Return a function that stages another app for this test, on a database of the same kind.

    It has the feature under test, its fakes and whatever else the test gives::

        shop = staged(TENS, FIVES, capabilities={"discounts": ["tens", "fives"]})
        shop.client.post("/v1/orders/quote", json=…)
    """

    def stage(
        *parts: Fake,
        capabilities: Mapping[str, Any] = _NOTHING,
        decorators: Mapping[str, Any] = _NOTHING,
        remote: Mapping[str, Any] = _NOTHING,
        settings: Mapping[str, Mapping[str, Any]] = _NOTHING,
    ) -> Staged:
        tables = {"capabilities": capabilities, "decorators": decorators, "remote": remote}
        given = {name: table for name, table in tables.items() if table}
        made = set_up(_stage.under_test, [*fakes, *parts], {}, **given)
        made = replace(made, settings={**_stage.settings, **settings})
        its_database = _database(request, made, database.kind, _databases)
        return Staged(_apps.get(made, its_database), made)

    return stage


@pytest.fixture
def outbox(app: Flask) -> Callable[..., list[Event]]:
    """Return a function that reads published events, oldest first: ``outbox("order.placed")``."""

    def read(topic: str | None = None) -> list[Event]:
        query = sa.select(OutboxEvent).order_by(OutboxEvent.created_at, OutboxEvent.id)
        if topic is not None:
            query = query.where(OutboxEvent.topic == topic)
        with app.app_context():
            return [event_of(row) for row in session.scalars(query)]

    return read


@pytest.fixture
def postbox() -> Postbox:
    """Return the postbox of the fake :data:`mercato_testing.mails.MESSAGES`, without mails."""
    POSTBOX.clear()
    return POSTBOX


@pytest.fixture
def security_log(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """Return a function that gives the lines of the security log so far, oldest first.

    Each has the name of the event as ``event``, and its facts by name.
    """
    caplog.set_level("INFO", logger="mercato.security")

    def read() -> list[dict[str, Any]]:
        lines = [line for line in caplog.records if line.name == "mercato.security"]
        return [{"event": line.getMessage(), **vars(line)["facts"]} for line in lines]

    return read


@pytest.fixture
def deliver_events(app: Flask) -> Callable[[], Tally]:
    """Return a function that delivers what is due, runs no job, and returns the tally."""
    return lambda: Worker(app).deliver_due()


@pytest.fixture
def run_worker(app: Flask) -> Callable[[], Tally]:
    """Return a function that delivers what is due, runs every job, and returns the tally."""
    return lambda: run_once(app)


@pytest.fixture
def empty_database(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[str], str]]:
    """Yield a function that makes a database without tables: ``empty_database("postgresql")``."""
    with ExitStack() as afterwards:

        def make(kind: str) -> str:
            name = f"empty-{new_id()}"
            if kind == "sqlite":
                return f"sqlite:///{tmp_path / name}.db"
            server = cast("Server", request.getfixturevalue("postgresql_server"))
            afterwards.callback(server.drop_database, name)
            return server.create_database(name)

        yield make
