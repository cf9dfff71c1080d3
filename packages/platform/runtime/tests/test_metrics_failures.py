"""What a server does when it cannot count."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from textwrap import dedent
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from prometheus_client import CollectorRegistry

from mercato_composition.commands.frame import mercato
from mercato_database.runner import upgrade
from mercato_host import create_app
from mercato_kit.db import engine
from mercato_runtime.metrics import pool, processes
from mercato_runtime.metrics.failures import LoggedOnce


class TestRequests:
    def test_that_cannot_be_counted_are_answered(self, tmp_path, caplog):
        """Without a folder to count in, requests succeed, and one line is logged."""
        with processes.shared() as folder:
            url = f"sqlite:///{tmp_path}/shop.db"
            app = create_app({"environment": "testing", "database": {"url": url}})
            shutil.rmtree(folder)

            answers = [app.test_client().get("/healthz").status_code for _ in range(3)]

        with app.app_context():
            engine().dispose()
        assert answers == [200, 200, 200]
        [line] = [one for one in caplog.records if one.name == "mercato_runtime.metrics.failures"]
        assert line.getMessage() == "Metrics are incomplete, as counting failed."


FORK = """
    import os, shutil
    from mercato_runtime.metrics.processes import Numbers, shared

    def take():
        try:
            numbers()
        except FileNotFoundError:
            print("no number", flush=True)

    with shared() as folder:
        numbers = Numbers(folder)
        numbers()
        shutil.rmtree(folder)
        if (pid := os.fork()) == 0:
            take()
            # It gets the number of the file descriptor that was closed.
            opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(2)]
            take()
            print([os.read(one, 1) for one in opened], flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
"""


class TestProcesses:
    def test_close_no_descriptor_twice(self):
        """A fork that gets no number closes the inherited lock only once."""
        done = subprocess.run(
            [sys.executable, "-c", dedent(FORK)], capture_output=True, text=True, check=True
        )

        assert done.stdout.splitlines() == ["no number", "no number", "[b'', b'']"]

    @pytest.mark.provokes("K202")
    def test_need_a_folder_for_temporary_files(self, tmp_path, empty_database, monkeypatch):
        """Without a writable one `mercato serve` exits with 2 and names the fix."""
        url = empty_database("sqlite")
        upgrade(url, [])
        file = tmp_path / "deployment.toml"
        file.write_text(f'environment = "testing"\n[database]\nurl = "{url}"\n')
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))

        done = CliRunner().invoke(mercato, [f"--deployment={file}", "serve", "--bind=127.0.0.1:0"])

        assert done.exit_code == 2
        assert "error[K202]" in done.stderr
        assert "cannot make a folder for metrics: No such file or directory." in done.stderr
        assert "fix: export TMPDIR='<a writable folder>'" in done.stderr


AWAY = """
    import os, shutil
    from types import SimpleNamespace

    import sqlalchemy as sa
    from flask import Flask
    from prometheus_client import CollectorRegistry
    from mercato_runtime.metrics import pool, processes
    from mercato_runtime.metrics.failures import LoggedOnce

    with processes.shared() as folder:
        app = Flask("shop")
        engine = sa.create_engine("sqlite://", poolclass=sa.NullPool)
        app.extensions["sqlalchemy"] = SimpleNamespace(engine=engine, session=None)
        pool.watch(app, CollectorRegistry(), LoggedOnce())
        shutil.rmtree(folder)
        if (pid := os.fork()) == 0:
            for _ in range(2):
                with engine.connect() as connection:
                    print(connection.scalar(sa.text("SELECT 1")), flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
"""


@pytest.fixture
def watched():
    """A function that returns the metrics of an engine's pool."""

    def watch(watched_engine):
        app = Flask("shop")
        app.extensions["sqlalchemy"] = SimpleNamespace(engine=watched_engine, session=None)
        registry = CollectorRegistry()
        pool.watch(app, registry, LoggedOnce())
        return registry

    return watch


class TestPool:
    def test_is_right_after_an_outage(self, watched, tmp_path):
        """A connection that is dead at checkout was not in use; the sum does not fall below 0."""
        answers = [True]

        def connect():
            if not answers:
                raise sqlite3.OperationalError
            return sqlite3.connect(tmp_path / "shop.db", check_same_thread=False)

        pooled = sa.create_engine(
            "sqlite://", creator=connect, poolclass=sa.QueuePool, pool_pre_ping=True
        )
        registry = watched(pooled)
        with pooled.connect() as connection:
            driver_connection = connection.connection.driver_connection
        driver_connection.close()
        answers.clear()
        for _ in range(2):
            with pytest.raises(sa.exc.OperationalError):
                pooled.connect()
        answers.append(True)

        with pooled.connect():
            in_use = registry.get_sample_value("mercato_database_connections_in_use")
        afterwards = registry.get_sample_value("mercato_database_connections_in_use")

        assert (in_use, afterwards) == (1, 0)
        assert registry.get_sample_value("mercato_database_connections_open") == 1
        pooled.dispose()

    def test_that_cannot_be_counted_connects(self):
        """Without a folder to count in, a worker gets connections, and logs one line."""
        done = subprocess.run(
            [sys.executable, "-c", dedent(AWAY)], capture_output=True, text=True, check=True
        )

        assert done.stdout.splitlines() == ["1", "1"]
        assert done.stderr.count("Metrics are incomplete") == 1
