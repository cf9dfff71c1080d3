import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from mercato_database.runner import upgrade
from mercato_host import create_app
from mercato_kit import leases
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.feature import Feature
from mercato_kit.jobs import Job
from mercato_kit.models import IdempotencyKey, InboxDelivery, JobHistory, OutboxEvent
from mercato_runtime.worker import Worker, deliveries, run_once
from mercato_testing.samples import notes, wheels
from mercato_testing.samples.notes import Effect, Note, add

feature = notes.feature


@pytest.fixture
def effects(commit):
    """Return a function that counts the effects of handlers by their name."""

    def count():
        return Counter(session.scalars(sa.select(Effect.handler)))

    return lambda: commit(count)


@pytest.fixture
def inbox(commit):
    """Return a function that reads the delivery of the only event to a handler."""

    def read(handler):
        chosen = sa.select(InboxDelivery).where(InboxDelivery.consumer == f"notes.{handler}")
        return session.scalars(chosen).one()

    return lambda handler: commit(read, handler)


def due_now():
    """Make every waiting delivery due."""
    session.execute(sa.update(InboxDelivery).values(next_attempt_at=utc_now()))


class TestDeliver:
    def test_reaches_every_handler_once(self, commit, run_worker, effects, inbox):
        """Each handler of the topic gets the event once."""
        commit(add, "new")

        first, second = run_worker(), run_worker()

        assert (first.delivered, first.failed, second.delivered) == (2, 0, 0)
        assert effects() == {"write_down": 1, "tell": 1}
        assert inbox("write_down").processed_at is not None

    def test_rolls_back_a_failed_handler(self, commit, run_worker, effects, inbox):
        """The effect of a handler that fails is rolled back; other handlers are not affected."""
        commit(add, "fail")

        tally = run_worker()

        assert (tally.delivered, tally.failed) == (1, 1)
        assert effects() == {"tell": 1}
        assert inbox("write_down").processed_at is None

    def test_records_the_error(self, commit, run_worker, inbox):
        """The class and first line of the error are recorded, and the attempt is counted."""
        commit(add, "fail")

        run_worker()

        failed = inbox("write_down")
        assert failed.last_error == "ValueError: this note cannot be written down"
        assert failed.attempts == 1

    def test_records_no_parameters(self, app, commit, run_worker, inbox):
        """The parameters of failed SQL, which may be secrets, are not recorded."""
        commit(add, "fail in SQL: secret")

        run_worker()

        assert "secret" not in inbox("write_down").last_error

    def test_waits_longer_each_time(self, commit, run_worker, inbox):
        """The pause doubles with each attempt, minus a random part of up to half."""
        commit(add, "fail")
        pauses = []
        for _ in range(4):
            run_worker()
            pauses.append((inbox("write_down").next_attempt_at - utc_now()).total_seconds())
            commit(due_now)

        for attempt, pause in enumerate(pauses, start=1):
            assert 2**attempt / 2 - 1 < pause <= 2**attempt

    def test_tries_again_when_due(self, commit, run_worker, inbox):
        """A failed delivery is retried when it is due, not before."""
        commit(add, "fail")
        run_worker()

        assert run_worker().failed == 0
        commit(due_now)
        assert run_worker().failed == 1
        assert inbox("write_down").attempts == 2

    def test_a_problem_counts_as_a_failure(self, commit, run_worker, effects, inbox):
        """A problem with keeps_work is rolled back in a worker."""
        commit(add, "refuse")

        run_worker()

        assert inbox("write_down").processed_at is None
        assert inbox("write_down").last_error.startswith("HandlerRefusedError: broken_note")
        assert effects() == {"tell": 1}

    def test_remote_failure_is_tried_again(self, commit, run_worker, inbox):
        """A failed remote handler is retried; other handlers are not affected."""
        commit(add, "unreachable")

        tally = run_worker()

        assert (tally.delivered, tally.failed) == (1, 1)
        assert inbox("tell").last_error == "ConnectionError: no answer"

    def test_leaves_deliveries_of_other_features(self, commit, run_worker):
        """Deliveries for a handler that is not composed are left waiting."""

        def park():
            session.add(
                InboxDelivery(
                    consumer="gone.handler",
                    event_id=new_id(),
                    attempts=0,
                    next_attempt_at=utc_now(),
                )
            )

        commit(park)

        tally = run_worker()

        assert (tally.delivered, tally.failed) == (0, 0)
        assert commit(lambda: session.scalars(sa.select(InboxDelivery)).one()).attempts == 0

    def test_an_event_that_is_gone_is_a_failure(self, commit, run_worker, inbox):
        """A delivery without its event fails; other deliveries are made."""
        commit(add, "new")
        commit(lambda: session.execute(sa.delete(OutboxEvent)))

        assert run_worker().failed == 2
        assert inbox("write_down").last_error.startswith("EventGoneError")


class TestClaim:
    def test_belongs_to_one_worker(self, app, commit):
        """No other worker can claim a claimed delivery before its lease ends."""
        commit(add, "new")
        with app.app_context():
            claimed = [deliveries.claim() for _ in range(3)]

        assert [it and it.consumer for it in claimed[2:]] == [None]
        assert {it.consumer for it in claimed[:2]} == {"notes.write_down", "notes.tell"}

    def test_ends_with_its_lease(self, app, commit, inbox):
        """A delivery claimed by a killed worker is claimed again after 15 seconds, and counted."""
        commit(add, "new")
        with app.app_context():
            mine = [deliveries.claim() for _ in range(2)]
        longest = commit(lambda: session.scalars(sa.select(InboxDelivery.leased_until)).all())
        assert max(longest) - utc_now() <= timedelta(seconds=15)
        commit(end_leases, InboxDelivery)

        with app.app_context():
            again = [deliveries.claim() for _ in range(2)]

        assert {it.consumer for it in again} == {it.consumer for it in mine}
        assert inbox("tell").attempts == 2

    def test_a_slow_worker_undoes_its_work(self, app, commit, effects):
        """A worker rolls back if another one has made the delivery in the meantime."""
        commit(add, "new")
        with app.app_context():
            mine = [deliveries.claim(), deliveries.claim()]
        local = next(it for it in mine if it.consumer.endswith("write_down"))
        for _ in range(2):
            with app.app_context():
                assert deliveries.deliver(local)

        assert effects() == {"write_down": 1}


def end_leases(model):
    """Let the time of all leases on the rows of a model pass."""
    session.execute(sa.update(model).values(leased_until=leases.now(-1)))


class TestJobs:
    def test_belong_to_one_worker(self, app, commit):
        """A job that another worker runs is left out, and taken over after that one was killed."""
        held = {"leased_until": leases.now(15), "lease_id": new_id()}
        commit(lambda: session.add(JobHistory(job="notes.forget_old_notes", **held)))
        commit(add, "old")
        skipped = run_once(app).failed
        kept = commit(lambda: session.scalar(sa.select(Note.text)))
        commit(end_leases, JobHistory)

        run_once(app)

        assert (skipped, kept) == (0, "old")
        assert commit(lambda: session.scalar(sa.select(Note.text))) is None

    def test_give_their_lease_back(self, app, commit):
        """After each run the job belongs to no worker."""
        run_once(app)

        held = commit(lambda: session.scalars(sa.select(JobHistory.lease_id)).all())
        assert set(held) == {None}

    def test_run_until_nothing_is_left(self, commit, run_worker):
        """A job is called again until it returns 0."""
        for number in range(5):
            commit(add, f"old {number}")

        run_worker()

        assert commit(lambda: session.scalars(sa.select(Note)).all()) == []

    def test_run_at_their_interval(self, app, commit):
        """A job that ran is due again after its interval."""
        worker = Worker(app)
        worker.run_due()
        commit(add, "old")

        worker.run_due()

        assert commit(lambda: session.scalar(sa.select(Note.text))) == "old"

    def test_purge_expired_keys(self, commit, run_worker):
        """A job of the kit deletes expired idempotency keys, and no others."""

        def key(name, hours):
            now = utc_now()
            return IdempotencyKey(
                scope="s",
                key=name,
                request_hash="0" * 64,
                created_at=now,
                expires_at=now + timedelta(hours=hours),
            )

        commit(lambda: session.add_all([key(f"over {n}", -1) for n in range(7)] + [key("on", 1)]))

        run_worker()

        assert commit(lambda: session.scalars(sa.select(IdempotencyKey.key)).all()) == ["on"]

    def test_purge_delivered_events(self, commit, run_worker):
        """After 30 days an event is deleted with its deliveries, unless one is still waiting."""
        for text in ("long ago", "fail", "just now"):
            commit(add, text)
        run_worker()
        commit(age, "long ago", days=31)
        commit(age, "fail", days=31)
        commit(age, "just now", days=29)

        run_worker()

        assert commit(kept) == {"fail": 2, "just now": 2}

    def test_purge_events_without_handlers(self, commit, run_worker):
        """Old events without handlers are deleted, in several batches."""

        def unheard():
            long_ago = utc_now() - timedelta(days=31)
            return OutboxEvent(
                id=new_id(),
                topic="note.unheard",
                aggregate_type="note",
                aggregate_id=new_id(),
                aggregate_version=1,
                payload={"text": "unheard"},
                payload_version=1,
                created_at=long_ago,
            )

        commit(lambda: session.add_all([unheard() for _ in range(501)]))

        run_worker()

        assert commit(kept) == {}


def age(text, days):
    """Set the time of a note's event to days ago."""
    for event in session.scalars(sa.select(OutboxEvent)):
        if event.payload["text"] == text:
            event.created_at = utc_now() - timedelta(days=days)


def kept():
    """Count the deliveries of each remaining event, by its note."""
    of_event = Counter(session.scalars(sa.select(InboxDelivery.event_id)))
    events = session.scalars(sa.select(OutboxEvent)).all()
    counts = {event.payload["text"]: of_event.pop(event.id, 0) for event in events}
    assert not of_event, "deliveries without an event"
    return counts


class TestLog:
    def test_has_a_line_for_each_failed_delivery(self, commit, run_worker, caplog):
        """A failed delivery is one line with the error; it has no parameters of SQL."""
        for text in ("fine", "fail", "fail in SQL: secret"):
            commit(add, text)
        run_worker()

        lines = [line for line in caplog.records if line.levelname == "ERROR"]
        assert [line.getMessage().partition(" on event ")[0] for line in lines] == [
            "notes.write_down failed"
        ] * 2
        assert all(line.exc_info for line in lines)
        assert "secret" not in caplog.text

    def test_has_a_line_for_each_failed_job(self, caplog, empty_database):
        """A failed job is one line with the error, and counts as a failure of the worker."""
        job = Job("divide", lambda: 1 // 0, every_seconds=60)
        flaky = Feature(name="flaky", summary="For a test.", jobs=[job])
        url = empty_database("sqlite")
        upgrade(url, [])
        values = {"environment": "testing", "database": {"url": url}}

        tally = run_once(create_app(values, features=[flaky]))

        [line] = [line for line in caplog.records if line.levelname == "ERROR"]
        assert (line.getMessage(), tally.failed) == ("job flaky.divide failed", 1)
        assert line.exc_info[0] is ZeroDivisionError


class TestWorkersTogether:
    def test_each_effect_happens_once(self, app, commit, effects):
        """Four concurrent workers deliver every event once to a local handler."""
        for number in range(30):
            commit(add, f"note {number}")
        workers = [Worker(app) for _ in range(4)]

        threads = [threading.Thread(target=worker.run_due) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert effects() == {"write_down": 30, "tell": 30}


def wait_until(condition):
    """Wait until a condition is met, for a minute at most."""
    give_up_at = time.monotonic() + 60
    while not condition() and time.monotonic() < give_up_at:
        time.sleep(0.1)


class TestProcess:
    @pytest.fixture
    def start(self, tmp_path, database):
        """Return a function that starts a worker process."""
        folder = tmp_path / "site"
        folder.mkdir()
        versions = Path(notes.__file__).parent / "migrations"
        (folder / "migrations").symlink_to(versions)
        wheels.install(folder, "notes", Path(notes.__file__).read_text(), module="mercato_notes")
        file = tmp_path / "deployment.toml"
        file.write_text(
            f'environment = "testing"\n[database]\nurl = "{database.url}"\n[features.notes]\n'
        )
        started = []

        def start(*options):
            command = [
                sys.executable,
                "-m",
                "mercato_composition",
                f"--deployment={file}",
                "worker",
            ]
            process = subprocess.Popen(
                [*command, *options],
                env={**os.environ, "PYTHONPATH": str(folder)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            started.append(process)
            return process

        yield start
        for process in started:
            process.kill()
            process.communicate()

    def test_once_exits_when_nothing_is_due(self, start, commit, effects):
        """`worker --once` prints what it did, and exits with 1 if something failed."""
        commit(add, "new")
        commit(add, "fail")

        process = start("--once")
        output, _ = process.communicate(timeout=60)

        assert (process.returncode, output) == (1, "delivered 3, failed 1\n")
        assert effects() == {"write_down": 1, "tell": 2}

    def test_a_killed_one_delays_its_delivery_by_15_seconds(self, start, commit, inbox, effects):
        """What a killed process was doing is due again 15 seconds later, at the latest."""
        commit(add, "hang")
        process = start()
        wait_until(lambda: inbox("tell").lease_id is not None)

        process.kill()
        process.wait()
        left = inbox("tell").leased_until - utc_now()
        commit(end_leases, InboxDelivery)
        commit(lambda: session.execute(sa.update(OutboxEvent).values(payload={"text": "go on"})))

        output, _ = start("--once").communicate(timeout=60)
        assert timedelta(0) < left <= timedelta(seconds=15)
        assert "failed 0" in output
        assert effects() == {"write_down": 1, "tell": 1}

    def test_several_deliver_once_and_stop_cleanly(self, start, commit, effects):
        """Several processes share the events; TERM ends each with 0 after its delivery."""
        processes = [start(), start()]
        for process in processes:
            assert any("ready for events and jobs" in line for line in process.stderr)
        for number in range(20):
            commit(add, f"note {number}")

        wait_until(lambda: sum(effects().values()) >= 40)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(timeout=30) for process in processes]

        assert effects() == {"write_down": 20, "tell": 20}
        assert codes == [0, 0]
