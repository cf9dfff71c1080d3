import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa

from mercato_kit import db, work
from mercato_kit.errors import NotFound, Unavailable

from .demo import Note
from .steps import add_note, session_is_usable


class TestRetries:
    """A unit of work that PostgreSQL aborted because of a race is retried, with a limit."""

    def test_a_deadlock_is_retried(self, boot, empty_postgresql_url):
        """Two units that lock two rows in opposite orders both succeed."""
        app = boot(empty_postgresql_url)
        with app.app_context():
            work.run(lambda: [add_note("a"), add_note("b")])
        both_hold_one = threading.Barrier(2)
        attempts = []

        def change(first, second):
            def step():
                attempts.append(first)
                _raise_rank(first)
                if len(attempts) <= 2:
                    both_hold_one.wait(5)
                _raise_rank(second)

            with app.app_context():
                work.run(step)

        with ThreadPoolExecutor(2) as threads:
            one = threads.submit(change, "a", "b")
            two = threads.submit(change, "b", "a")
            one.result(20)
            two.result(20)

        with app.app_context():
            ranks = db.session.scalars(sa.select(Note.rank)).all()
        assert (ranks, len(attempts)) == ([2, 2], 3)

    def test_a_serialization_failure_is_retried(self, boot, empty_postgresql_url):
        """A unit that fails to serialize is retried from its start, and has one after_commit."""
        app = boot(empty_postgresql_url)
        attempts, committed = [], []

        def step():
            attempts.append(1)
            work.after_commit(lambda: committed.append(len(attempts)))
            db.session.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            seen = db.session.scalar(sa.select(Note.rank))
            if len(attempts) == 1:
                _in_another_transaction(app, lambda: _raise_rank("a"))
            db.session.execute(sa.update(Note).values(rank=seen + 1))

        with app.app_context():
            work.run(lambda: add_note("a"))
            work.run(step)

            assert db.session.scalar(sa.select(Note.rank)) == 2
        assert (len(attempts), committed) == (2, [2])

    def test_ends_after_a_number_of_attempts(self, boot, empty_postgresql_url):
        """After the last attempt the unit answers 503."""
        app = boot(empty_postgresql_url)
        attempts = []

        def step():
            attempts.append(1)
            _abort("40001")

        with app.app_context():
            with pytest.raises(Unavailable):
                work.run(step)

            assert len(attempts) == work.ATTEMPTS
            assert session_is_usable()

    def test_nothing_of_a_lost_attempt_is_left(self, boot, empty_postgresql_url):
        """Rows and objects of the first attempt are gone in the second."""
        app = boot(empty_postgresql_url)
        seen = []
        held = []

        def step():
            seen.append((len(db.session.identity_map), len(db.session.new)))
            held.append(db.session.scalars(sa.select(Note)).first())
            add_note("once")
            db.session.add(Note(title="pending"))
            if len(seen) == 1:
                _abort("40P01")

        with app.app_context():
            work.run(lambda: add_note("before"))
        with app.app_context():
            work.run(step)

            titles = sorted(db.session.scalars(sa.select(Note.title)))
        assert titles == ["before", "once", "pending"]
        assert seen == [(0, 0), (0, 0)]

    def test_a_problem_is_not_retried(self, in_unit):
        """A problem of the step is not retried."""
        attempts = []

        def step():
            attempts.append(1)
            raise NotFound

        with pytest.raises(NotFound):
            in_unit(step)

        assert len(attempts) == 1

    def test_a_lost_connection_is_retried_only_if_safe(self, boot, empty_postgresql_url):
        """The commit may have happened, so only work under a key is retried."""
        app = boot(empty_postgresql_url)
        attempts = []

        def step():
            attempts.append(1)
            add_note(f"attempt {len(attempts)}")
            if len(attempts) == 1:
                _cut_connection(app)
            db.session.flush()
            return db.session.scalar(sa.text("SELECT 1"))

        with app.app_context():
            assert work.run(step, safe_to_repeat=True) == 1
            assert db.session.scalars(sa.select(Note.title)).all() == ["attempt 2"]

            attempts.clear()
            with pytest.raises(Unavailable):
                work.run(step)
            assert len(attempts) == 1
            assert session_is_usable()

    def test_a_connection_lost_at_commit_is_unavailable(self, boot, empty_postgresql_url):
        """It is unknown whether the commit happened; the session stays usable."""
        app = boot(empty_postgresql_url)

        def step():
            add_note("unknown")
            _cut_connection(app)

        with app.app_context():
            with pytest.raises(Unavailable):
                work.run(step)

            assert session_is_usable()

    def test_outlives_the_plans_of_the_server(self, boot, empty_postgresql_url):
        """A statement that the server has prepared still works when a column has another type."""
        statement = sa.text("SELECT a FROM lone WHERE a IS NOT NULL")

        def step():
            kept = db.session.scalar(sa.text("SELECT count(*) FROM pg_prepared_statements"))
            add_note(f"written {db.new_id()}")
            return kept, db.session.scalars(statement).all()

        with (
            boot(empty_postgresql_url).app_context(),
            psycopg.connect(empty_postgresql_url, autocommit=True) as other,
        ):
            other.execute("CREATE TABLE lone AS SELECT 1 AS a")
            before = [work.run(step) for _ in range(8)]
            other.execute("ALTER TABLE lone ALTER a TYPE text")
            after = work.run(step)
            written = db.session.scalar(sa.select(sa.func.count()).select_from(Note))
            other.execute("DROP TABLE lone")

        assert before[-1][0] > 0
        assert ([found for _, found in before], after[1]) == ([[1]] * 8, ["1"])
        assert written == 9

    def test_does_not_repeat_what_the_server_does_not_support(self, boot, empty_postgresql_url):
        """Such a statement has the same state as a stale plan, but fails at once, as a bug."""
        attempts = []

        def step():
            attempts.append(None)
            db.session.execute(sa.select(sa.func.count()).select_from(Note).with_for_update())

        with boot(empty_postgresql_url).app_context():
            with pytest.raises(sa.exc.NotSupportedError):
                work.run(step)

            assert session_is_usable()
        assert len(attempts) == 1

    def test_a_failing_rollback_keeps_the_problem(self, boot, empty_postgresql_url):
        """A failing rollback does not replace the problem of the step."""
        app = boot(empty_postgresql_url)

        def step():
            add_note("gone")
            _cut_connection(app)
            raise NotFound

        with app.app_context():
            with pytest.raises(NotFound):
                work.run(step)

            assert session_is_usable()


def _raise_rank(title):
    db.session.execute(
        sa.update(Note)
        .where(Note.title == title)
        .values(rank=Note.rank + 1)
        .execution_options(synchronize_session=False)
    )


def _abort(sqlstate):
    """Make PostgreSQL raise an error with a state."""
    code = f"DO $$ BEGIN RAISE EXCEPTION 'made' USING ERRCODE = '{sqlstate}'; END $$"
    db.session.execute(sa.text(code))


def _in_another_transaction(app, step):
    with ThreadPoolExecutor(1) as threads:
        threads.submit(_commit, app, step).result(5)


def _commit(app, step):
    with app.app_context():
        step()
        db.session.commit()


def _cut_connection(app):
    """Terminate the session's connection from another one, as a server restart does."""
    pid = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
    _in_another_transaction(
        app, lambda: db.session.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    )
