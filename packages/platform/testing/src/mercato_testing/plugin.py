"""pytest plugin for feature teams: the real host with their feature alone, on real databases.

A ``conftest.py`` names the feature, and the tests have everything else::

    from mercato_reviews.feature import feature

Each test that uses ``database``, directly or through ``app`` or ``client``, runs on SQLite and on
PostgreSQL. Databases, apps and servers are shared; each test finds the rows that the migrations
left and nothing else.
"""

import os
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from typing import Protocol
from typing import TypeVar
from typing import cast
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from mercato_kit import work
from mercato_kit.db import engine
from mercato_kit.db import new_id
from mercato_kit.db import session
from mercato_kit.events import Event
from mercato_kit.feature import Feature
from mercato_kit.models import OutboxEvent
from mercato_kit.principals import Principal
from mercato_runtime.worker import Tally
from mercato_runtime.worker import run_once
from mercato_testing.client import Client
from mercato_testing.databases import Database
from mercato_testing.databases import Databases
from mercato_testing.network import only_loopback
from mercato_testing.postgresql import Server
from mercato_testing.postgresql import running_server
from mercato_testing.stage import Apps
from mercato_testing.stage import Fake
from mercato_testing.stage import Stage
from mercato_testing.stage import set_up
from mercato_testing.statements import StatementCounter

T = TypeVar("T")


class Commit(Protocol):
    """Runs a function in a unit of work of the app, and returns what it returns."""

    def __call__(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call ``function(*args, **kwargs)`` and commit."""
        ...


class AsUser(Protocol):
    """Makes clients whose requests carry somebody's token."""

    def __call__(
        self,
        *,
        permissions: Sequence[str] = (),
        sub: UUID | None = None,
        email: str | None = None,
        name: str | None = None,
    ) -> Client:
        """Return the client of a person; whatever is not given is made up."""
        ...


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Tests reach this machine and no other."""
    with only_loopback():
        yield


@pytest.fixture(scope="session")
def _run_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def postgresql_server(_run_directory: Path) -> Iterator[Server]:
    """The PostgreSQL server of this test run. Its databases do not survive a crash."""
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
    """The feature under test: what the class, the module or conftest.py calls ``feature``."""
    conftests = [
        plugin
        for plugin in request.config.pluginmanager.get_plugins()
        if Path(str(getattr(plugin, "__file__", ""))).name == "conftest.py"
        and request.path.is_relative_to(Path(str(plugin.__file__)).parent)
    ]
    nearest_first = sorted(conftests, key=lambda plugin: len(plugin.__file__), reverse=True)
    for place in (request.cls, getattr(request, "module", None), *nearest_first):
        found = getattr(place, "feature", None)
        if isinstance(found, Feature):
            return found
    raise pytest.UsageError(
        "no feature under test: say `from mercato_x.feature import feature` in conftest.py"
    )


@pytest.fixture
def fakes() -> Sequence[Fake]:
    """Offers that answer what the feature needs; or whole manifests. Override to have some."""
    return ()


@pytest.fixture
def settings() -> Mapping[str, Any]:
    """Settings of the feature under test. Override to have some."""
    return {}


@pytest.fixture
def permissions(feature: Feature) -> Sequence[str]:
    """What charlie may do: everything the feature asks for. Override for less."""
    return sorted(feature.permissions)


@pytest.fixture
def _stage(feature: Feature, fakes: Sequence[Fake], settings: Mapping[str, Any]) -> Stage:
    return set_up(feature, fakes, settings)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, _stage: Stage, _databases: Databases) -> Database:
    """A migrated database without rows but those of the migrations, of each kind in turn."""
    if request.param == "sqlite":
        return _databases.sqlite(_stage.features)
    server = cast("Server", request.getfixturevalue("postgresql_server"))
    return _databases.postgresql(server, _stage.features)


@pytest.fixture
def app(database: Database, _stage: Stage, _apps: Apps) -> Flask:
    """The real host with the feature under test and its fakes."""
    return _apps.get(_stage, database)


@pytest.fixture
def client(app: Flask) -> Client:
    """A guest."""
    return cast("Client", app.test_client())


@pytest.fixture
def as_user(app: Flask, _stage: Stage) -> AsUser:
    """Makes clients of people: ``as_user(permissions=["stock.write"], name="Zoe")``."""
    if not _stage.has_fake_identity:
        raise pytest.UsageError(
            f"{_stage.under_test.name!r} or a fake offers the identity contract: "
            "take tokens from there"
        )

    def make(
        *,
        permissions: Sequence[str] = (),
        sub: UUID | None = None,
        email: str | None = None,
        name: str | None = None,
    ) -> Client:
        client = cast("Client", app.test_client())
        client.principal = Principal(
            sub=sub or new_id(),
            kind="user",
            email=email or f"{new_id()}@example.com",
            email_verified=True,
            permissions=frozenset(permissions),
            name=name,
        )
        return client

    return make


@pytest.fixture
def alice(as_user: AsUser) -> Client:
    """A customer; things in tests belong to her."""
    return as_user(email="alice@example.com", name="Alice")


@pytest.fixture
def bob(as_user: AsUser) -> Client:
    """Another customer."""
    return as_user(email="bob@example.com", name="Bob")


@pytest.fixture
def charlie(as_user: AsUser, permissions: Sequence[str]) -> Client:
    """Staff."""
    return as_user(email="charlie@example.com", name="Charlie", permissions=permissions)


@pytest.fixture
def commit(app: Flask) -> Commit:
    """Runs a function in a unit of work: ``commit(make_product, name="Lamp")``."""

    def run(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        with app.app_context():
            return work.run(lambda: function(*args, **kwargs))

    return run


@pytest.fixture
def statements(app: Flask) -> StatementCounter:
    """Counts SQL: ``with statements as sent: …`` and then ``assert len(sent) <= 14, sent``."""
    with app.app_context():
        return StatementCounter(engine())


@pytest.fixture
def outbox(app: Flask) -> Callable[..., list[Event]]:
    """Reads the published events, oldest first: all, or ``outbox("order.placed")``."""

    def read(topic: str | None = None) -> list[Event]:
        question = sa.select(OutboxEvent).order_by(OutboxEvent.created_at, OutboxEvent.id)
        if topic is not None:
            question = question.where(OutboxEvent.topic == topic)
        with app.app_context():
            return [_event_of(row) for row in session.scalars(question)]

    return read


@pytest.fixture
def run_worker(app: Flask) -> Callable[[], Tally]:
    """Lets a worker do what is due, each job included, and tells what it did."""
    return lambda: run_once(app)


@pytest.fixture
def empty_database(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[str], str]]:
    """Makes databases without tables: ``empty_database("postgresql")`` returns the URL of one."""
    with ExitStack() as afterwards:

        def make(kind: str) -> str:
            name = f"empty-{new_id()}"
            if kind == "sqlite":
                return f"sqlite:///{tmp_path / name}.db"
            server = cast("Server", request.getfixturevalue("postgresql_server"))
            afterwards.callback(server.drop_database, name)
            return server.create_database(name)

        yield make


def _event_of(row: OutboxEvent) -> Event:
    return Event(
        topic=row.topic,
        aggregate_type=row.aggregate_type,
        aggregate_id=row.aggregate_id,
        aggregate_version=row.aggregate_version,
        payload=row.payload,
        id=row.id,
        created_at=row.created_at,
    )
