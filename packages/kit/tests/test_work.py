import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from mercato_kit import db
from mercato_kit import transactions
from mercato_kit import work
from mercato_kit.errors import Conflict
from mercato_kit.errors import Invalid
from mercato_kit.errors import NotFound
from mercato_kit.errors import Problem
from mercato_kit.errors import StaleVersion
from mercato_kit.errors import Unavailable

from .demo import Note


class Counted(Problem):
    """A refusal whose work is kept."""

    status = 401
    code = "counted"
    keeps_work = True


class TestRun:
    def test_returning_commits(self, in_unit):
        """What a step wrote is there when it has returned."""
        in_unit(lambda: _add("kept"))

        assert _titles(in_unit) == {"kept"}

    def test_returns_what_the_step_returns(self, in_unit):
        """The step's value comes through."""
        assert in_unit(lambda: 7) == 7

    @pytest.mark.parametrize("error", [NotFound(), ValueError("bug"), KeyboardInterrupt()])
    def test_raising_rolls_back(self, in_unit, error):
        """Whatever is raised undoes the step, and comes through."""

        def step():
            _add("gone")
            raise error

        with pytest.raises(type(error)):
            in_unit(step)

        assert _titles(in_unit) == set()

    def test_a_refusal_may_keep_its_work(self, in_unit):
        """A refusal that says so commits what was written, and still refuses."""

        def step():
            db.session.add(Note(title="kept"))
            raise Counted

        with pytest.raises(Counted):
            in_unit(step)

        assert _titles(in_unit) == {"kept"}

    def test_a_refusal_whose_work_cannot_be_kept(self, app):
        """Where the commit of a kept refusal fails, the failure is reported and nothing is left."""

        def step():
            db.session.add(Note(title="refused", rank=-1))
            raise Counted

        with app.app_context():
            with pytest.raises(Conflict):
                work.run(step)

            assert _is_usable()
            assert work.run(lambda: set(db.session.scalars(sa.select(Note.title)))) == {"after"}

    def test_a_step_inside_another_joins_it(self, app):
        """An inner unit commits nothing: the outer one decides for both."""

        def outer():
            _add("outer")
            work.run(lambda: _add("inner"))
            raise NotFound

        with app.app_context():
            with pytest.raises(NotFound):
                work.run(outer)

            assert db.session.scalars(sa.select(Note.title)).all() == []

    def test_a_unit_may_follow_one_that_failed(self, app):
        """After any end the next unit of the same thread is one of its own."""
        with app.app_context():
            with pytest.raises(NotFound):
                work.run(_raise(NotFound()))
            work.run(lambda: _add("next"))
            db.session.rollback()

            assert db.session.scalars(sa.select(Note.title)).all() == ["next"]

    def test_reading_begins_without_the_write_lock(self, in_unit):
        """A unit that only reads says so to whoever asks."""
        assert in_unit(transactions.may_write, read_only=True) is False
        assert in_unit(transactions.may_write) is True


class TestRefusals:
    """What the database refuses becomes a refusal that a client can read."""

    def test_an_unknown_constraint_is_a_conflict(self, app):
        """A constraint nobody spoke of is 409, not a fault."""
        with app.app_context():
            with pytest.raises(Conflict):
                work.run(lambda: _add("a", rank=-1))

            assert _is_usable()

    def test_a_constraint_that_fails_at_commit_is_a_conflict(self, app):
        """It makes no difference that the flush comes with the commit."""
        with app.app_context():
            with pytest.raises(Conflict):
                work.run(lambda: db.session.add(Note(title="a", rank=-1)))

            assert _is_usable()

    def test_a_stale_row_is_a_stale_version(self, app):
        """Who writes over a version that is no more is told so: 412."""
        with app.app_context():
            work.run(lambda: _add("a"))

            def step():
                note = db.session.scalars(sa.select(Note)).one()
                db.session.execute(
                    sa.update(Note)
                    .values(version=Note.version + 1)
                    .execution_options(synchronize_session=False)
                )
                note.rank = 5

            with pytest.raises(StaleVersion):
                work.run(step)

            assert _is_usable()
            assert work.run(lambda: db.session.scalar(sa.select(Note.version).limit(1))) == 1

    def test_a_value_that_does_not_fit_is_invalid(self, boot, empty_postgresql_url):
        """A number too large for its column is 422, with a place."""
        app = boot(empty_postgresql_url)
        with app.app_context():
            with pytest.raises(Invalid) as refused:
                work.run(lambda: _add("a", rank=2**40))

            assert refused.value.errors[0].pointer == ""
            assert _is_usable()

    def test_a_lock_that_is_not_given_is_unavailable(self, boot, empty_postgresql_url):
        """Waiting too long for a row is 503, and the row is left alone."""
        app = boot(empty_postgresql_url)
        with app.app_context():
            work.run(lambda: _add("a"))
            db.session.scalars(db.locked(sa.select(Note))).one()

            def step():
                db.session.execute(sa.text("SET LOCAL lock_timeout = '50ms'"))
                db.session.scalars(db.locked(sa.select(Note))).one()

            with app.app_context():
                with pytest.raises(Unavailable) as refused:
                    work.run(step)

                assert _is_usable()
        assert refused.value.headers["Retry-After"] == "1"

    def test_a_statement_that_takes_too_long_is_unavailable(self, boot, empty_postgresql_url):
        """PostgreSQL ends a statement that runs too long: 503."""
        app = boot(empty_postgresql_url)

        def step():
            db.session.execute(sa.text("SET LOCAL statement_timeout = '50ms'"))
            db.session.execute(sa.text("SELECT pg_sleep(5)"))

        with app.app_context():
            with pytest.raises(Unavailable):
                work.run(step)

            assert _is_usable()

    def test_a_transaction_that_idles_too_long_is_unavailable(self, boot, empty_postgresql_url):
        """PostgreSQL cuts a transaction that does nothing: 503, and the next one works."""
        app = boot(empty_postgresql_url)

        def step():
            db.session.execute(sa.text("SET idle_in_transaction_session_timeout = '50ms'"))
            time.sleep(0.3)
            _add("late")

        with app.app_context():
            with pytest.raises(Unavailable):
                work.run(step)

            assert _is_usable()

    def test_a_busy_sqlite_is_unavailable(self, boot, sqlite_url):
        """A write lock that is not given in time is 503."""
        app = boot(sqlite_url)
        engine = app.extensions["sqlalchemy"]
        with app.app_context():
            sa.event.listen(
                engine.engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout = 20")
            )
            _add("holds the lock")
            with app.app_context(), pytest.raises(Unavailable):
                work.run(lambda: _add("waits"))
            db.session.rollback()

            assert _is_usable()

    def test_no_free_connection_is_unavailable(self, boot, empty_postgresql_url):
        """A pool that has nothing left to give is 503."""
        app = boot(empty_postgresql_url)
        with app.app_context():
            pool = app.extensions["sqlalchemy"].engine.pool
            pool._timeout = 0.05
            held = [pool.connect() for _ in range(pool.size())]

            with pytest.raises(Unavailable):
                work.run(lambda: _add("waits"))

            for connection in held:
                connection.close()
            assert _is_usable()

    @pytest.mark.parametrize(
        "url", ["postgresql://nobody@127.0.0.1:1/none", "postgresql://nobody@/none?host=/nowhere"]
    )
    def test_a_database_that_is_away_is_unavailable(self, boot, url):
        """Where nobody answers, the answer is 503."""
        app = boot(url)
        with app.app_context(), pytest.raises(Unavailable):
            work.run(lambda: _add("a"))

    def test_a_fault_stays_a_fault(self, app):
        """A statement that is wrong is nobody's bad luck, whatever words the database uses."""
        with app.app_context():
            with pytest.raises(sa.exc.DBAPIError):
                work.run(lambda: db.session.execute(sa.text("SELECT * FROM connection_refused")))

            assert _is_usable()


class TestRepeats:
    """A unit that PostgreSQL aborted to resolve a race is run again, and bounded."""

    def test_a_deadlock_is_repeated(self, boot, empty_postgresql_url):
        """Two units that lock two rows in opposite order both succeed."""
        app = boot(empty_postgresql_url)
        with app.app_context():
            work.run(lambda: [_add("a"), _add("b")])
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

    def test_a_serialization_failure_is_repeated(self, boot, empty_postgresql_url):
        """A unit that another one overtook is run again from its start."""
        app = boot(empty_postgresql_url)
        attempts = []

        def step():
            attempts.append(1)
            db.session.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            seen = db.session.scalar(sa.select(Note.rank))
            if len(attempts) == 1:
                _in_another_transaction(app, lambda: _raise_rank("a"))
            db.session.execute(sa.update(Note).values(rank=seen + 1))

        with app.app_context():
            work.run(lambda: _add("a"))
            work.run(step)

            assert db.session.scalar(sa.select(Note.rank)) == 2
        assert len(attempts) == 2

    def test_ends_after_a_number_of_attempts(self, boot, empty_postgresql_url):
        """A race that is lost again and again ends as 503."""
        app = boot(empty_postgresql_url)
        attempts = []

        def step():
            attempts.append(1)
            _abort("40001")

        with app.app_context():
            with pytest.raises(Unavailable):
                work.run(step)

            assert len(attempts) == work.ATTEMPTS
            assert _is_usable()

    def test_nothing_of_a_lost_attempt_is_left(self, boot, empty_postgresql_url):
        """What the first attempt wrote and held in memory is gone when the second starts."""
        app = boot(empty_postgresql_url)
        seen = []
        held = []

        def step():
            seen.append((len(db.session.identity_map), len(db.session.new)))
            held.append(db.session.scalars(sa.select(Note)).first())
            _add("once")
            db.session.add(Note(title="pending"))
            if len(seen) == 1:
                _abort("40P01")

        with app.app_context():
            work.run(lambda: _add("before"))
        with app.app_context():
            work.run(step)

            titles = sorted(db.session.scalars(sa.select(Note.title)))
        assert titles == ["before", "once", "pending"]
        assert seen == [(0, 0), (0, 0)]

    def test_a_refusal_is_not_repeated(self, in_unit):
        """What the step itself refuses it refuses once."""
        attempts = []

        def step():
            attempts.append(1)
            raise NotFound

        with pytest.raises(NotFound):
            in_unit(step)

        assert len(attempts) == 1

    def test_a_lost_connection_is_repeated_only_where_that_is_safe(
        self, boot, empty_postgresql_url
    ):
        """The commit may have happened: only work under a key is run again by itself."""
        app = boot(empty_postgresql_url)
        attempts = []

        def step():
            attempts.append(1)
            _add(f"attempt {len(attempts)}")
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
            assert _is_usable()

    def test_a_connection_lost_at_commit_is_unavailable(self, boot, empty_postgresql_url):
        """Nobody knows whether the commit happened, and the session goes on."""
        app = boot(empty_postgresql_url)

        def step():
            _add("unknown")
            _cut_connection(app)

        with app.app_context():
            with pytest.raises(Unavailable):
                work.run(step)

            assert _is_usable()

    def test_a_connection_lost_before_a_refusal_leaves_the_refusal(
        self, boot, empty_postgresql_url
    ):
        """The rollback that fails does not hide what the step said."""
        app = boot(empty_postgresql_url)

        def step():
            _add("gone")
            _cut_connection(app)
            raise NotFound

        with app.app_context():
            with pytest.raises(NotFound):
                work.run(step)

            assert _is_usable()


def _add(title, **values):
    db.session.add(Note(title=title, **values))
    db.session.flush()


def _raise(error):
    def step():
        raise error

    return step


def _raise_rank(title):
    db.session.execute(
        sa.update(Note)
        .where(Note.title == title)
        .values(rank=Note.rank + 1)
        .execution_options(synchronize_session=False)
    )


def _titles(in_unit):
    return in_unit(lambda: set(db.session.scalars(sa.select(Note.title))))


def _is_usable():
    """Whether the session of this thread works: write, commit, read."""
    work.run(lambda: _add("after"))
    return "after" in work.run(lambda: set(db.session.scalars(sa.select(Note.title))))


def _abort(sqlstate):
    """Let PostgreSQL itself raise an error with a state."""
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
    """End the session's connection from another one, as a restart of the server does."""
    pid = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
    _in_another_transaction(
        app, lambda: db.session.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    )
