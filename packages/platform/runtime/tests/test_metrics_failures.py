"""What a server does when it cannot count."""

import sqlite3
import tempfile
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from prometheus_client import CollectorRegistry

from mercato_composition.commands.frame import mercato
from mercato_database.runner import upgrade
from mercato_runtime.metrics import pool


class TestProcesses:
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
        assert "mount a writable /tmp, or set TMPDIR to a writable folder" in done.stderr


@pytest.fixture
def watched():
    """A function that returns the metrics of an engine's pool."""

    def watch(watched_engine):
        app = Flask("shop")
        app.extensions["sqlalchemy"] = SimpleNamespace(engine=watched_engine)
        registry = CollectorRegistry()
        pool.watch(app, registry)
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
