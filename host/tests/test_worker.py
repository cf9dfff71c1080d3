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

from mercato_kit.db import new_id
from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_kit.models import IdempotencyKey
from mercato_kit.models import InboxDelivery
from mercato_kit.models import OutboxEvent
from mercato_runtime.worker import Worker
from mercato_runtime.worker import deliveries
from mercato_testing.samples import notes
from mercato_testing.samples import wheels
from mercato_testing.samples.notes import Effect
from mercato_testing.samples.notes import Note
from mercato_testing.samples.notes import add

feature = notes.feature


@pytest.fixture
def effects(commit):
    """Counts what handlers did, by their name."""

    def count():
        return Counter(session.scalars(sa.select(Effect.handler)))

    return lambda: commit(count)


@pytest.fixture
def inbox(commit):
    """Reads the delivery of the only event to a handler."""

    def read(handler):
        chosen = sa.select(InboxDelivery).where(InboxDelivery.consumer == f"notes.{handler}")
        return session.scalars(chosen).one()

    return lambda handler: commit(read, handler)


def due_now():
    """Let every waiting delivery be due."""
    session.execute(sa.update(InboxDelivery).values(next_attempt_at=utc_now()))


class TestDeliver:
    def test_reaches_every_handler_once(self, commit, run_worker, effects, inbox):
        """Each handler of the topic gets the event, and gets it once."""
        commit(add, "new")

        first, second = run_worker(), run_worker()

        assert (first.delivered, first.failed, second.delivered) == (2, 0, 0)
        assert effects() == {"write_down": 1, "tell": 1}
        assert inbox("write_down").processed_at is not None

    def test_takes_back_what_failed(self, commit, run_worker, effects, inbox):
        """The effect of a handler that fails is rolled back; the others are not concerned."""
        commit(add, "fail")

        tally = run_worker()

        assert (tally.delivered, tally.failed) == (1, 1)
        assert effects() == {"tell": 1}
        assert inbox("write_down").processed_at is None

    def test_notes_why(self, commit, run_worker, inbox):
        """Class and first line of the failure are kept, and the attempt is counted."""
        commit(add, "fail")

        run_worker()

        failed = inbox("write_down")
        assert failed.last_error == "ValueError: this note cannot be written down"
        assert failed.attempts == 1

    def test_tells_no_parameters(self, app, commit, run_worker, inbox):
        """The parameters of SQL that failed may be secrets; they are not kept."""
        commit(add, "fail in SQL: secret")

        run_worker()

        assert "secret" not in inbox("write_down").last_error

    def test_waits_longer_each_time(self, commit, run_worker, inbox):
        """The pause doubles, and chance takes up to half of it away."""
        commit(add, "fail")
        pauses = []
        for _ in range(4):
            run_worker()
            pauses.append((inbox("write_down").next_attempt_at - utc_now()).total_seconds())
            commit(due_now)

        for attempt, pause in enumerate(pauses, start=1):
            assert 2**attempt / 2 - 1 < pause <= 2**attempt

    def test_tries_again_when_due(self, commit, run_worker, inbox):
        """A delivery that failed is tried again, not before its time."""
        commit(add, "fail")
        run_worker()

        assert run_worker().failed == 0
        commit(due_now)
        assert run_worker().failed == 1
        assert inbox("write_down").attempts == 2

    def test_a_refusal_never_counts_as_done(self, commit, run_worker, effects, inbox):
        """A refusal that would keep its work in a request keeps nothing in a worker."""
        commit(add, "refuse")

        run_worker()

        assert inbox("write_down").processed_at is None
        assert inbox("write_down").last_error.startswith("HandlerRefusedError: broken_note")
        assert effects() == {"tell": 1}

    def test_remote_failure_is_tried_again(self, commit, run_worker, inbox):
        """A machine that does not answer stops nobody else."""
        commit(add, "unreachable")

        tally = run_worker()

        assert (tally.delivered, tally.failed) == (1, 1)
        assert inbox("tell").last_error == "ConnectionError: nobody answers"

    def test_leaves_strangers_parked(self, commit, run_worker):
        """Deliveries of a handler that is not composed now wait for its return."""

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
        """A delivery without its event is noted, and stops nobody."""
        commit(add, "new")
        commit(lambda: session.execute(sa.delete(OutboxEvent)))

        assert run_worker().failed == 2
        assert inbox("write_down").last_error.startswith("EventGoneError")


class TestClaim:
    def test_belongs_to_one_worker(self, app, commit):
        """A claimed delivery is nobody else's until its lease ends."""
        commit(add, "new")
        with app.app_context():
            claimed = [deliveries.claim() for _ in range(3)]

        assert [None if it is None else it.attempts for it in claimed] == [1, 1, None]

    def test_ends_with_its_lease(self, app, commit):
        """What a killed worker had claimed is claimed again."""
        commit(add, "new")
        with app.app_context():
            for _ in range(2):
                deliveries.claim()
        commit(
            lambda: session.execute(
                sa.update(InboxDelivery).values(next_attempt_at=utc_now() - timedelta(seconds=1))
            )
        )

        with app.app_context():
            assert deliveries.claim().attempts == 2

    def test_a_slow_worker_undoes_its_work(self, app, commit, effects):
        """Who finds the delivery done by another one rolls back."""
        commit(add, "new")
        with app.app_context():
            mine = [deliveries.claim(), deliveries.claim()]
        local = next(it for it in mine if it.consumer.endswith("write_down"))
        for _ in range(2):
            with app.app_context():
                assert deliveries.deliver(local)

        assert effects() == {"write_down": 1}


class TestJobs:
    def test_run_until_nothing_is_left(self, commit, run_worker):
        """A job that works in batches is called again while it finds something."""
        for number in range(5):
            commit(add, f"old {number}")

        run_worker()

        assert commit(lambda: session.scalars(sa.select(Note)).all()) == []

    def test_run_at_their_interval(self, app, commit):
        """A job that ran is not due again at once."""
        worker = Worker(app)
        worker.work_off()
        commit(add, "old")

        worker.work_off()

        assert commit(lambda: session.scalar(sa.select(Note.text))) == "old"

    def test_purge_expired_keys(self, commit, run_worker):
        """The kit's own job deletes idempotency keys whose time is over, and no others."""

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

    def test_purge_events_that_everybody_had(self, commit, run_worker):
        """After 30 days an event goes with its deliveries, but not while a handler waits for it."""
        for text in ("long ago", "fail", "just now"):
            commit(add, text)
        run_worker()
        commit(age, "long ago", days=31)
        commit(age, "fail", days=31)
        commit(age, "just now", days=29)

        run_worker()

        assert commit(kept) == {"fail": 2, "just now": 2}

    def test_purge_events_that_nobody_handles(self, commit, run_worker):
        """They go as well, however many there are."""

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
    """Let the event of a note have happened days ago."""
    for event in session.scalars(sa.select(OutboxEvent)):
        if event.payload["text"] == text:
            event.created_at = utc_now() - timedelta(days=days)


def kept():
    """Count the deliveries of each event that is still there, by its note."""
    of_event = Counter(session.scalars(sa.select(InboxDelivery.event_id)))
    events = session.scalars(sa.select(OutboxEvent)).all()
    counts = {event.payload["text"]: of_event.pop(event.id, 0) for event in events}
    assert not of_event, "deliveries without an event"
    return counts


class TestWorkersTogether:
    def test_each_effect_happens_once(self, app, commit, effects):
        """Four workers at once deliver every event once to a local handler."""
        for number in range(30):
            commit(add, f"note {number}")
        workers = [Worker(app) for _ in range(4)]

        threads = [threading.Thread(target=worker.work_off) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert effects() == {"write_down": 30, "tell": 30}


class TestProcess:
    @pytest.fixture
    def start(self, tmp_path, database):
        """Starts worker processes on a deployment with the feature."""
        folder = tmp_path / "site"
        folder.mkdir()
        versions = Path(notes.__file__).parent / "notes_versions"
        (folder / "notes_versions").symlink_to(versions)
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

    def test_once_ends_when_all_is_done(self, start, commit, effects):
        """`worker --once` says what it did, and ends with 1 where something failed."""
        commit(add, "new")
        commit(add, "fail")

        process = start("--once")
        said, _ = process.communicate(timeout=60)

        assert (process.returncode, said) == (1, "delivered 3, failed 1\n")
        assert effects() == {"write_down": 1, "tell": 2}

    def test_several_deliver_once_and_stop_cleanly(self, start, commit, effects):
        """Several processes share the work; TERM ends each with 0 after what it is doing."""
        processes = [start(), start()]
        for process in processes:
            assert any("ready for events and jobs" in line for line in process.stderr)
        for number in range(20):
            commit(add, f"note {number}")

        give_up_at = time.monotonic() + 60
        while sum(effects().values()) < 40 and time.monotonic() < give_up_at:
            time.sleep(0.1)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(timeout=30) for process in processes]

        assert effects() == {"write_down": 20, "tell": 20}
        assert codes == [0, 0]
