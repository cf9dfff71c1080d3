"""Faults at run time: undelivered events and servers that do not answer."""

import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from textwrap import dedent
from uuid import UUID

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from mercato_composition.commands.frame import mercato
from mercato_composition.deployment.reader import read_deployment
from mercato_database.runner import migration_engine, upgrade
from mercato_host import create_app
from mercato_kit import work
from mercato_kit.db import session, utc_now
from mercato_kit.events import Event, Handler
from mercato_kit.feature import Feature
from mercato_kit.models import InboxDelivery, OutboxEvent
from mercato_kit.outbox import publish
from mercato_runtime.worker import run_once
from mercato_testing.samples.wheels import install

READER = """
    from mercato_kit.events import Handler
    from mercato_kit.feature import Feature


    def count(event):
        '''Fails where the event says so.'''
        if event.payload.get("fails"):
            raise ValueError("cannot be counted")


    feature = Feature(
        name="reader", summary="For a test.", handles=[Handler("thing.made", count)]
    )
"""

MAKER = """
    from mercato_kit.feature import Feature

    feature = Feature(name="maker", summary="For a test.", publishes=["thing.made"])
"""

FAR = """
    from mercato_kit.feature import Check
    from mercato_kit.feature import Feature

    feature = Feature(
        name="far",
        summary="For a test.",
        health=[
            Check("here", lambda: "It is asked by readiness alone."),
            Check("tower", lambda: "It does not answer.", required=False),
        ],
    )
"""

HOST = """
    import sqlalchemy as sa

    import mercato_host
    from mercato_kit.db import engine


    def create_app(*arguments, **options):
        app = mercato_host.create_app(*arguments, **options)
        with app.app_context():
            sa.event.listen(engine(), "begin", wait_for_ever)
        return app


    def wait_for_ever(connection):
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
"""
"""An owner's host that turns two time limits off."""


def faults_in(text):
    """Read the faults that `mercato check --json` prints, with their lines as one text."""
    return [
        fault
        | {"what": "\n".join(fault["what"])}
        | {"fix": "\n".join(fix["text"] for fix in fault["fixes"])}
        for fault in json.loads(text)["faults"]
    ]


class Shop:
    """A deployment of two wheels, with a database that has the kit's tables."""

    def __init__(self, folder, url):
        self.url = url
        self.file = folder / "deployment.toml"
        self.choose("maker", "reader")

    def choose(self, *features, more=""):
        """Write the deployment file."""
        named = "".join(f"[features.{name}]\n" for name in features)
        database = f'[database]\nurl = "{self.url}"\n'
        self.file.write_text(f'environment = "testing"\n{database}{named}{more}')

    def mercato(self, *arguments):
        """Run the command line in this process."""
        return CliRunner().invoke(mercato, [f"--deployment={self.file}", *arguments])

    def check(self):
        """Return the exit code of `mercato check`, and its faults."""
        done = self.mercato("check", "--json")
        return done.exit_code, faults_in(done.stdout)

    def publish(self, **parts):
        """Publish an event as the wheels do."""
        event = Event(
            topic="thing.made",
            aggregate_type="thing",
            aggregate_id=parts.pop("aggregate_id"),
            aggregate_version=1,
            **parts,
        )
        with create_app(self.file).app_context():
            work.run(lambda: publish(event))

    def failed(self, attempts):
        """Set the number of failed attempts of every delivery."""
        with migration_engine(self.url) as engine, engine.begin() as connection:
            connection.execute(
                sa.update(InboxDelivery).values(attempts=attempts, next_attempt_at=utc_now())
            )


@pytest.fixture
def shop(tmp_path, monkeypatch, empty_database):
    """Two installed wheels on a new database."""
    monkeypatch.syspath_prepend(str(tmp_path))
    install(tmp_path, "maker", MAKER, version="2.0")
    install(tmp_path, "reader", READER)
    url = empty_database("sqlite")
    upgrade(url, [])
    return Shop(tmp_path, url)


THING = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


class TestEvents:
    @pytest.mark.provokes("K501")
    def test_wait_for_a_feature_that_is_away(self, shop):
        """The warning counts them, and names both fixes."""
        shop.publish(aggregate_id=THING)
        shop.choose("maker")

        code, [fault] = shop.check()

        assert (code, fault["code"], fault["severity"]) == (0, "K501", "warning")
        assert fault["what"].startswith(
            "1 event thing.made waits for 'reader', a feature that does not run here; "
            "the oldest is from 20"
        )
        assert "[features.reader]" in fault["fix"]
        assert "mercato data purge reader --drop-events" in fault["fix"]

    @pytest.mark.provokes("K501")
    def test_wait_for_a_handler_that_is_away(self, shop, tmp_path):
        """The warning names the installed version, which lacks the handler."""
        shop.publish(aggregate_id=THING)
        with migration_engine(shop.url) as engine, engine.begin() as connection:
            connection.execute(sa.update(InboxDelivery).values(consumer="reader.weigh"))

        _, [fault] = shop.check()

        assert (fault["code"], fault["where"]) == ("K501", "mercato-reader 1.0 ('reader')")
        assert "its handler 'weigh', which this version does not have" in fault["what"]

    @pytest.mark.provokes("K502")
    def test_of_an_unsupported_version(self, shop):
        """They are kept; the warning names the publisher and the supported versions."""
        shop.publish(aggregate_id=THING, version=2)

        worked = shop.mercato("worker", "--once")
        _, [fault] = shop.check()

        assert worked.exit_code == 1
        assert worked.stderr.startswith("warning[K502] mercato-reader 1.0 ('reader')\n")
        assert (fault["code"], fault["where"]) == ("K502", "mercato-reader 1.0 ('reader')")
        assert fault["what"].startswith(
            "published by mercato-maker 2.0: 1 event thing.made of version 2; "
            "its handler 'count' supports 1.\n"
        )

    def test_of_a_supported_version_are_delivered(self, tmp_path, empty_database):
        """A handler that supports version 2 gets events of version 2."""
        seen = []

        def read(event):
            """Record the version."""
            seen.append(event.version)

        manifest = Feature(
            name="reader",
            summary="For a test.",
            handles=[Handler("thing.made", read, versions=(1, 2))],
        )
        url = empty_database("sqlite")
        upgrade(url, [manifest])
        values = {"environment": "testing", "database": {"url": str(url)}}
        app = create_app(read_deployment(values), features=[manifest])
        event = {"topic": "thing.made", "aggregate_type": "thing", "aggregate_id": THING}
        with app.app_context():
            work.run(lambda: publish(Event(**event, aggregate_version=1, version=2)))

        tally = run_once(app)

        assert (tally.delivered, seen) == (1, [2])

    @pytest.mark.provokes("K506")
    def test_that_fail_again_and_again(self, shop):
        """After 5 failed attempts there is a warning with the last error."""
        shop.publish(aggregate_id=THING, payload={"fails": True})
        shop.failed(attempts=4)

        before = shop.check()[1]
        shop.mercato("worker", "--once")
        _, [fault] = shop.check()

        assert before == []
        assert (fault["code"], fault["where"]) == ("K506", "mercato-reader 1.0 ('reader')")
        assert "its handler 'count' failed 5 times or more on 1 of 1 event" in fault["what"]
        assert "last error: ValueError: cannot be counted" in fault["what"]

    def test_of_a_wheel_from_before_are_of_the_first_version(self, shop):
        """A release without the column publishes events that count as version 1."""
        shop.publish(aggregate_id=THING)

        with create_app(shop.file).app_context():
            versions = work.run(
                lambda: session.scalars(sa.select(OutboxEvent.payload_version)).all()
            )

        assert versions == [1]


class TestServers:
    @pytest.mark.provokes("K503")
    def test_redis_that_is_away(self, shop, monkeypatch):
        """It is a warning: each process counts requests by itself in the meantime."""
        monkeypatch.setenv("MERCATO_REDIS__URL", "redis://:hush-hush@127.0.0.1:1/0")

        code, [fault] = shop.check()

        assert (code, fault["code"], fault["severity"]) == (0, "K503", "warning")
        assert fault["what"].startswith("Redis at 127.0.0.1 does not answer: ConnectionError.")
        assert "hush" not in str(fault)

    def test_requests_are_answered_without_redis(self, shop, monkeypatch):
        """Rate limits fall back to the memory of the process, and requests are answered."""
        monkeypatch.setenv("MERCATO_REDIS__URL", "redis://127.0.0.1:1/0")
        monkeypatch.setenv("MERCATO_SERVER__REQUESTS_PER_MINUTE", "2")
        client = create_app(shop.file).test_client()

        statuses = [client.get("/openapi.json").status_code for _ in range(3)]

        assert statuses == [200, 200, 429]

    def test_requests_are_answered_while_redis_hangs(self, shop, monkeypatch):
        """Requests that wait for one Redis at once are all answered, each after a second."""
        monkeypatch.setenv("MERCATO_SERVER__REQUESTS_PER_MINUTE", "100")
        with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(4) as threads:
            monkeypatch.setenv("MERCATO_REDIS__URL", f"redis://127.0.0.1:{silent.getsockname()[1]}")
            app = create_app(shop.file)
            started = time.monotonic()

            answers = threads.map(lambda _: app.test_client().get("/openapi.json"), range(4))

            assert [answer.status_code for answer in answers] == [200] * 4
            assert time.monotonic() - started < 4
            [limiter] = app.extensions["limiter"]
            limiter.storage.storage.close()

    @pytest.mark.provokes("K207")
    def test_a_server_that_a_feature_can_do_without(self, shop, wheels):
        """Its health check says what is wrong; the deployment may be started all the same."""
        install(wheels, "far", FAR, module="running_far")
        shop.choose("far")

        code, [fault] = shop.check()

        assert (code, fault["code"], fault["severity"]) == (0, "K207", "warning")
        assert fault["what"] == "tower: It does not answer."
        assert fault["fix"] == "start it, or correct [features.far.settings]"

    @pytest.mark.provokes("K313")
    def test_a_database_without_time_limits(self, shop, wheels, empty_database):
        """The server is asked over the app's own connection, and what is lost is an error."""
        shop.url = empty_database("postgresql")
        shop.choose()
        upgrade(shop.url, [])
        before = shop.check()
        (wheels / "acme_host.py").write_text(dedent(HOST))
        info = wheels / "acme_host-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-host\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[mercato.app]\nhost = acme_host:create_app\n")

        code, [fault] = shop.check()

        assert before == (0, [])
        assert (code, fault["code"], fault["severity"]) == (2, "K313", "error")
        assert "lock_timeout = 0, statement_timeout = 0." in fault["what"]

    @pytest.mark.provokes("K207")
    def test_a_driver_that_is_away(self, shop):
        """The fault names the driver and the fix, but not the password."""
        shop.url = "postgresql+psycopg2://shop:hush-hush@127.0.0.1:1/shop"
        shop.choose("maker")

        code, [fault] = shop.check()

        assert (code, fault["code"], fault["where"]) == (2, "K207", "deployment.toml:3:7")
        assert "'psycopg2'" in fault["what"]
        assert "'postgresql://<user>:<password>@<host>/<database>'" in fault["fix"]
        assert "hush" not in str(fault)

    @pytest.mark.provokes("K207")
    def test_a_database_that_is_away(self, shop):
        """The fault names the host, but not the password."""
        shop.url = "postgresql://shop:hush-hush@127.0.0.1:1/shop"
        shop.choose("maker")

        code, faults = shop.check()

        assert (code, [fault["code"] for fault in faults]) == (2, ["K207"])
        assert "the database 127.0.0.1 cannot be used" in faults[0]["what"]
        assert "hush" not in str(faults)


class TestLimits:
    @pytest.mark.provokes("K208")
    def test_more_connections_than_postgresql_allows(self, shop, empty_database):
        """The warning has both numbers."""
        shop.url = empty_database("postgresql")
        upgrade(shop.url, [])
        shop.choose("maker", "reader", more="[server]\nworkers = 32\nthreads = 64\n")

        code, [fault] = shop.check()

        assert (code, fault["code"], fault["severity"]) == (0, "K208", "warning")
        assert fault["what"].startswith("2048 database connections may be used")
        assert "max_connections" in fault["fix"]

    @pytest.mark.provokes("K208")
    def test_fewer_open_files_than_connections(self, shop):
        """The warning says which limit to raise."""
        mercato = f"{sys.executable} -m mercato_composition --deployment={shop.file}"

        done = subprocess.run(
            ["sh", "-c", f"ulimit -n 1024 && exec {mercato} check --json"],
            env={**os.environ, "PYTHONPATH": str(shop.file.parent)},
            capture_output=True,
            text=True,
            check=True,
        )

        [fault] = faults_in(done.stdout)
        assert (fault["code"], fault["severity"]) == ("K208", "warning")
        assert "the system allows 1024." in fault["what"]
        assert "LimitNOFILE=4296" in fault["fix"]
