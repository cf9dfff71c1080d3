import time

import pytest
import sqlalchemy as sa

from mercato_kit import db, work
from mercato_kit.errors import Conflict, Invalid, StaleVersion, Unavailable

from .demo import Note
from .steps import add_note, session_is_usable


class TestRefusals:
    """Database errors are translated into problems."""

    def test_an_unknown_constraint_is_a_conflict(self, app):
        """A constraint without a problem answers 409."""
        with app.app_context():
            with pytest.raises(Conflict):
                work.run(lambda: add_note("a", rank=-1))

            assert session_is_usable()

    def test_a_constraint_that_fails_at_commit_is_a_conflict(self, app):
        """A constraint that fails at the commit is translated, too."""
        with app.app_context():
            with pytest.raises(Conflict):
                work.run(lambda: db.session.add(Note(title="a", rank=-1)))

            assert session_is_usable()

    def test_a_stale_row_is_a_stale_version(self, app):
        """An update of an outdated version answers 412."""
        with app.app_context():
            work.run(lambda: add_note("a"))

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

            assert session_is_usable()
            assert work.run(lambda: db.session.scalar(sa.select(Note.version).limit(1))) == 1

    def test_a_value_that_does_not_fit_is_invalid(self, boot, empty_postgresql_url):
        """A number too large for its column answers 422."""
        app = boot(empty_postgresql_url)
        with app.app_context():
            with pytest.raises(Invalid) as refused:
                work.run(lambda: add_note("a", rank=2**40))

            assert refused.value.errors[0].pointer == ""
            assert session_is_usable()

    def test_a_lock_timeout_is_unavailable(self, boot, empty_postgresql_url):
        """A lock timeout answers 503, and the row does not change."""
        app = boot(empty_postgresql_url)
        with app.app_context():
            work.run(lambda: add_note("a"))
            db.session.scalars(db.locked(sa.select(Note))).one()

            def step():
                db.session.execute(sa.text("SET LOCAL lock_timeout = '50ms'"))
                db.session.scalars(db.locked(sa.select(Note))).one()

            with app.app_context():
                with pytest.raises(Unavailable) as refused:
                    work.run(step)

                assert session_is_usable()
        assert refused.value.headers["Retry-After"] == "1"

    def test_a_statement_timeout_is_unavailable(self, boot, empty_postgresql_url):
        """A statement timeout of PostgreSQL answers 503."""
        app = boot(empty_postgresql_url)

        def step():
            db.session.execute(sa.text("SET LOCAL statement_timeout = '50ms'"))
            db.session.execute(sa.text("SELECT pg_sleep(5)"))

        with app.app_context():
            with pytest.raises(Unavailable):
                work.run(step)

            assert session_is_usable()

    def test_an_idle_timeout_is_unavailable(self, boot, empty_postgresql_url):
        """An idle timeout of PostgreSQL answers 503, and the next transaction succeeds."""
        app = boot(empty_postgresql_url)

        def step():
            db.session.execute(sa.text("SET idle_in_transaction_session_timeout = '50ms'"))
            time.sleep(0.3)
            add_note("late")

        with app.app_context():
            with pytest.raises(Unavailable):
                work.run(step)

            assert session_is_usable()

    def test_a_busy_sqlite_is_unavailable(self, boot, sqlite_url):
        """A busy write lock of SQLite answers 503."""
        app = boot(sqlite_url)
        engine = app.extensions["sqlalchemy"]
        with app.app_context():
            sa.event.listen(
                engine.engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout = 20")
            )
            add_note("holds the lock")
            with app.app_context(), pytest.raises(Unavailable):
                work.run(lambda: add_note("waits"))
            db.session.rollback()

            assert session_is_usable()

    def test_no_free_connection_is_unavailable(self, boot, empty_postgresql_url):
        """An exhausted pool answers 503."""
        app = boot(empty_postgresql_url)
        with app.app_context():
            pool = app.extensions["sqlalchemy"].engine.pool
            pool._timeout = 0.05
            held = [pool.connect() for _ in range(pool.size())]

            with pytest.raises(Unavailable):
                work.run(lambda: add_note("waits"))

            for connection in held:
                connection.close()
            assert session_is_usable()

    @pytest.mark.parametrize(
        "url", ["postgresql://nobody@127.0.0.1:1/none", "postgresql://nobody@/none?host=/nowhere"]
    )
    def test_an_unreachable_database_is_unavailable(self, boot, url):
        """An unreachable database answers 503."""
        app = boot(url)
        with app.app_context(), pytest.raises(Unavailable):
            work.run(lambda: add_note("a"))

    def test_other_errors_propagate(self, app):
        """An invalid statement propagates, whatever its message."""
        with app.app_context():
            with pytest.raises(sa.exc.DBAPIError):
                work.run(lambda: db.session.execute(sa.text("SELECT * FROM connection_refused")))

            assert session_is_usable()
