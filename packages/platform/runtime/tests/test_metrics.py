import fcntl
import os
import re
import socket
import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from mercato_host import create_app
from mercato_kit import privacy
from mercato_kit.db import engine, new_id, session, utc_now
from mercato_kit.feature import Feature, Gauge
from mercato_kit.jobs import Job
from mercato_kit.models import InboxDelivery, OutboxEvent, PrivacyRequest
from mercato_kit.reads import reader
from mercato_kit.remote import note_late
from mercato_runtime.metrics import backlog
from mercato_runtime.worker import run_once
from mercato_testing.samples import notes
from mercato_testing.statements import StatementCounter

feature = notes.feature


@pytest.fixture
def fresh_app(database):
    """A function that makes an app that has counted nothing, on the database of the test."""
    made = []

    def make(url=None, more=()):
        values = {"environment": "testing", "database": {"url": url or database.url}}
        made.append(create_app(values, features=[feature, *more]))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            engine().dispose()


class Far:
    """A contract, whose id is the name of this module."""


def divide():
    """Fail, as a job."""
    raise ZeroDivisionError


flaky = Feature(name="flaky", summary="For a test.", jobs=[Job("divide", divide, every_seconds=60)])


measured = Feature(
    name="measured",
    summary="For a test.",
    gauges=[Gauge("broken", "It fails.", divide), Gauge("waiting", "What waits.", lambda: 3)],
)


def scrape(client):
    """Return the samples of /metrics, by name with labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if line[0] != "#"]
    return {name: float(value) for name, _, value in lines}


class TestRequests:
    def test_are_counted_by_rule(self, fresh_app):
        """Requests are counted by method, rule and status; unknown ones share a label."""
        client = fresh_app().test_client()
        for path in ("/healthz", "/healthz", "/a", "/b"):
            client.get(path)
        client.open("/healthz", method="BREW")

        found = scrape(client)

        counted = "mercato_requests_total"
        assert found[f'{counted}{{method="GET",route="/healthz",status="200"}}'] == 2
        assert found[f'{counted}{{method="GET",route="none",status="404"}}'] == 2
        assert found[f'{counted}{{method="other",route="none",status="405"}}'] == 1

    def test_are_measured(self, fresh_app, commit):
        """Time and statements of each route are histograms; ids in a URL make no new series."""
        for text in ("one", "two"):
            note_id = commit(lambda text=text: notes.add(text).id)
        client = fresh_app().test_client()
        for _ in range(3):
            client.get(f"/v1/notes/{note_id}")

        found = scrape(client)

        labels = 'method="GET",route="/v1/notes/<uuid:note_id>"'
        assert found[f"mercato_request_duration_seconds_count{{{labels}}}"] == 3
        assert 0 < found[f"mercato_request_duration_seconds_sum{{{labels}}}"] < 60
        assert found[f"mercato_request_statements_sum{{{labels}}}"] == 3
        assert found[f'mercato_request_statements_bucket{{le="0.0",{labels}}}'] == 0
        assert found[f'mercato_request_statements_bucket{{le="1.0",{labels}}}'] == 3


class TestRemoteProviders:
    def test_that_are_late_are_counted(self, fresh_app):
        """A remote provider that was late is counted with its contract, and with what was used."""
        app = fresh_app()
        with app.app_context():
            note_late(Far, "far")

        found = scrape(app.test_client())

        labels = 'contract="test_metrics",provider="far",used="refuse"'
        assert found[f"mercato_remote_late_total{{{labels}}}"] == 1


class TestPool:
    def test_connections_are_counted(self, fresh_app):
        """Connections in use are counted while they are; invalid ones are no longer open."""
        app = fresh_app()
        client = app.test_client()
        with app.app_context(), engine().connect() as connection:
            while_one_is_used = scrape(client)
            connection.invalidate()
        scrape(client)
        afterwards = scrape(client)

        assert while_one_is_used["mercato_database_connections_in_use"] == 1
        assert while_one_is_used["mercato_database_connections_open"] >= 1
        assert afterwards["mercato_database_connections_in_use"] == 0
        with app.app_context():
            engine().dispose()
        assert scrape(client)["mercato_database_connections_open"] == 0

    def test_those_of_reads_too(self, fresh_app):
        """A connection that only views use is counted once."""
        app = fresh_app()
        client = app.test_client()
        with app.app_context():
            read = reader().engine.raw_connection()
            while_one_is_used = scrape(client)
            read.close()

        assert while_one_is_used["mercato_database_connections_in_use"] == 1


class TestNames:
    def test_follow_the_rules_of_prometheus(self, fresh_app, run_worker):
        """Counters end in _total; each metric is explained, here and in the README."""
        run_worker()
        client = fresh_app().test_client()
        client.get("/v1/notes")
        text = client.get("/metrics").text
        readme = (Path(__file__).parents[1] / "README.md").read_text()

        kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
        explained = re.findall(r"^# HELP (\S+) \S+", text, re.MULTILINE)
        for name, kind in kinds.items():
            assert re.fullmatch(r"mercato_[a-z_]+", name)
            assert name.endswith("_total") == (kind == "counter") or name.endswith("_created")
            assert name in explained
            if not name.endswith("_created"):
                assert f"`{name}" in readme
        assert "mercato_job_runs_total" in kinds


def grow_old(seconds):
    """Move all events and their next attempts into the past."""
    past = utc_now() - timedelta(seconds=seconds)
    session.execute(sa.update(OutboxEvent).values(created_at=past))
    session.execute(sa.update(InboxDelivery).values(next_attempt_at=past))


class TestBacklog:
    def test_is_empty_in_the_beginning(self, fresh_app):
        """Without events and jobs there is no age and no lag."""
        found = scrape(fresh_app().test_client())

        assert found["mercato_database_up"] == 1
        assert found["mercato_outbox_oldest_age_seconds"] == 0
        assert found["mercato_delivery_lag_seconds"] == 0

    def test_has_age_and_lag_of_what_waits(self, fresh_app, commit, run_worker):
        """The oldest event that waits has an age; a delivery has a lag only from when it is due."""
        commit(notes.add, "fail")
        commit(grow_old, 90)
        late = scrape(fresh_app().test_client())
        run_worker()
        retried = scrape(fresh_app().test_client())
        commit(lambda: session.execute(sa.update(InboxDelivery).values(processed_at=utc_now())))
        done = scrape(fresh_app().test_client())

        age, lag = "mercato_outbox_oldest_age_seconds", "mercato_delivery_lag_seconds"
        assert 90 <= late[age] < 150
        assert 90 <= late[lag] < 150
        # It is tried again within two seconds, which this machine may have needed.
        assert (retried[age] >= 90, retried[lag] < 60) == (True, True)
        assert (done[age], done[lag]) == (0, 0)

    def test_counts_requests_of_persons_that_fail(self, fresh_app, commit):
        """A request that a feature failed for is counted, one that is scheduled is not."""
        name = "mercato_privacy_requests_failing"
        for person in (new_id(), new_id()):
            id_ = commit(privacy.request, "erase", privacy.Subject(person))
        before = scrape(fresh_app().test_client())[name]

        failed = sa.update(PrivacyRequest).where(PrivacyRequest.id == id_)
        commit(lambda: session.execute(failed.values(status="failed")))

        assert (before, scrape(fresh_app().test_client())[name]) == (0, 1)

    def test_counts_runs_of_jobs(self, fresh_app, run_worker):
        """Runs of a job are counted over all workers, with the time of the last success."""
        run_worker()
        run_worker()

        found = scrape(fresh_app().test_client())

        succeeded = 'mercato_job_runs_total{job="kit.purge_events",outcome="succeeded"}'
        last = 'mercato_job_last_success_timestamp_seconds{job="kit.purge_events"}'
        assert found[succeeded] == 2
        assert abs(found[last] - time.time()) < 60

    def test_counts_failures_of_jobs(self, fresh_app):
        """A job that raises is counted as failed; without a success there is no time of one."""
        app = fresh_app(more=[flaky])
        run_once(app)

        found = scrape(app.test_client())

        assert found['mercato_job_runs_total{job="flaky.divide",outcome="failed"}'] == 1
        assert 'mercato_job_last_success_timestamp_seconds{job="flaky.divide"}' not in found

    def test_has_the_gauges_of_features(self, fresh_app):
        """A feature's gauge has its name; one that fails is left out, and disturbs no other."""
        found = scrape(fresh_app(more=[measured]).test_client())

        assert found["mercato_measured_waiting"] == 3
        assert "mercato_measured_broken" not in found
        assert found["mercato_database_up"] == 1

    def test_is_asked_once_in_a_few_seconds(self, fresh_app):
        """Scrapes that follow each other send no more statements: four in all."""
        app = fresh_app()
        client = app.test_client()
        with app.app_context(), StatementCounter(engine()) as sent:
            for _ in range(5):
                scrape(client)

        assert len(sent) == 4, sent

    @pytest.mark.parametrize(
        ("statement", "index"),
        [
            (backlog.oldest_waiting(), "ix_kit_inbox_waiting"),
            (backlog.longest_due(["notes.tell"]), "ix_kit_inbox_due"),
        ],
        ids=["age", "lag"],
    )
    def test_is_answered_by_an_index(self, app, statement, index):
        """However much waits, the database reads one end of an index and sorts nothing."""
        with app.app_context(), engine().connect() as connection:
            if connection.dialect.name == "postgresql":
                # The tables of a test are so small that reading them whole is cheaper.
                for other in ("seqscan", "sort", "bitmapscan"):
                    connection.execute(sa.text(f"SET LOCAL enable_{other} = off"))
                explain = "EXPLAIN"
            else:
                explain = "EXPLAIN QUERY PLAN"
            literal = {"literal_binds": True}
            sql = statement.compile(connection, compile_kwargs=literal)
            plan = str(connection.execute(sa.text(f"{explain} {sql}")).all())

        assert index in plan
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan

    def test_a_database_that_is_away_is_said(self, fresh_app):
        """Without the database a scrape answers, and has what the process counts."""
        client = fresh_app("postgresql://shop:secret@127.0.0.1:1/none").test_client()

        found = scrape(client)

        assert found["mercato_database_up"] == 0
        assert "mercato_outbox_oldest_age_seconds" not in found
        assert "mercato_database_connections_in_use" in found

    def test_a_database_that_hangs_is_not_waited_for(self, fresh_app):
        """A database that never answers delays a scrape by half a second."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            client = fresh_app(f"postgresql://x:y@127.0.0.1:{port}/none").test_client()
            began = time.monotonic()

            found = scrape(client)

            assert time.monotonic() - began < backlog.PATIENCE_SECONDS + 2
            assert found["mercato_database_up"] == 0


PROGRAM = """
import fcntl, os, signal, sys, time
from pathlib import Path
from mercato_runtime.metrics import processes
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

def run(step):
    pid = os.fork()
    if pid == 0:
        step()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)

def show():
    registry = CollectorRegistry()
    processes.forget_dead(os.environ[processes.FOLDER])
    MultiProcessCollector(registry, os.environ[processes.FOLDER])
    return sorted(l for l in generate_latest(registry).decode().splitlines() if l[0] != "#")

with processes.shared() as folder:
    locked = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("the folder is locked")
    registry = CollectorRegistry()
    deeds = Counter("deeds_total", "Deeds", ["kind"], registry=registry)
    used = Gauge("used", "Used", registry=registry, multiprocess_mode="livesum")

    def work():
        deeds.labels("good").inc(2)
        used.inc(3)

    deeds.labels("good").inc()
    used.inc()
    for _ in range(4):
        run(work)
    print(show(), oct(folder.stat().st_mode & 0o777), len(list(folder.glob("counter_*.db"))))

    # Two at a time, each with a number of its own.
    ready, go = os.pipe(), os.pipe()
    pids = []
    for _ in range(2):
        pids.append(os.fork())
        if pids[-1] == 0:
            work()
            os.write(ready[1], b".")
            os.read(go[0], 1)
            os.kill(os.getpid(), signal.SIGKILL)
    os.read(ready[0], 1), os.read(ready[0], 1)
    print(show(), len(list(folder.glob("counter_*.db"))))
    os.write(go[1], b"..")
    for pid in pids:
        os.waitpid(pid, 0)
    print(show())
print(folder.exists(), processes.FOLDER in os.environ)
"""


class TestProcesses:
    def test_are_summed(self):
        """Counters outlive processes, gauges do not, and files do not become more with each one."""
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(PROGRAM)],
            capture_output=True,
            text=True,
            check=True,
        )

        assert done.stdout.splitlines() == [
            "the folder is locked",
            "['deeds_total{kind=\"good\"} 9.0', 'used 1.0'] 0o700 2",
            "['deeds_total{kind=\"good\"} 13.0', 'used 7.0'] 3",
            "['deeds_total{kind=\"good\"} 13.0', 'used 1.0']",
            "False False",
        ]

    def test_leave_nothing_behind(self, tmp_path):
        """The folder of a server that was killed is removed by the next one, others are not."""
        environ = {**os.environ, "TMPDIR": str(tmp_path)}
        program = "from mercato_runtime.metrics.processes import shared\nwith shared(): {}"
        killed = "__import__('os').kill(__import__('os').getpid(), 9)"
        # Its process id is not one of this machine, as in another container.
        running, starting = tmp_path / "mercato-metrics-4194305-a", tmp_path / "mercato-metrics-b"
        running.mkdir()
        (running / "0.lock").touch()
        starting.mkdir()
        lock = os.open(running, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_SH)
        # Its process id is this one's, as of a container that starts again.
        restarted = tmp_path / f"mercato-metrics-{os.getpid()}-c"
        restarted.mkdir()
        (restarted / "0.lock").touch()

        subprocess.run([sys.executable, "-c", program.format(killed)], env=environ, check=False)
        left = set(tmp_path.iterdir())
        subprocess.run([sys.executable, "-c", program.format("pass")], env=environ, check=True)
        os.close(lock)

        assert restarted not in left
        assert len(left) == 3
        assert set(tmp_path.iterdir()) == {running, starting}
