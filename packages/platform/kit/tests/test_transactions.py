from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from mercato_kit import db
from mercato_kit import transactions
from mercato_kit import work

from .demo import Note
from .steps import add_note

WRITERS = 8
ROUNDS = 25


class TestPrepare:
    def test_writers_lose_nothing(self, app, in_unit):
        """Eight threads that read, then write what they read plus one, lose no unit.

        On SQLite each waits for its turn at BEGIN; on PostgreSQL each waits at the row.
        """
        in_unit(lambda: add_note("counter"))

        def count(_writer):
            for _ in range(ROUNDS):
                in_unit(_raise_rank)

        with ThreadPoolExecutor(WRITERS) as threads:
            list(threads.map(count, range(WRITERS)))

        assert in_unit(lambda: db.session.scalar(sa.select(Note.rank))) == WRITERS * ROUNDS

    def test_readers_do_not_wait_for_a_writer(self, boot, sqlite_url):
        """On SQLite a unit that only reads goes on while another one holds the write lock."""
        app = boot(sqlite_url)
        with app.app_context():
            add_note("seen")
            db.session.commit()
            add_note("not seen")

            with app.app_context(), ThreadPoolExecutor(1) as threads:
                titles = threads.submit(_titles, app).result(timeout=5)
            db.session.rollback()

        assert titles == ["seen"]

    @pytest.mark.parametrize(("read_only", "begin"), [(False, "BEGIN IMMEDIATE"), (True, "BEGIN")])
    def test_takes_the_write_lock_at_the_start(self, boot, sqlite_url, read_only, begin):
        """On SQLite a transaction that may write begins IMMEDIATE; one that only reads does not."""
        app = boot(sqlite_url)
        with app.app_context():
            sent = _trace(app)
            work.run(lambda: db.session.scalar(sa.select(Note.id)), read_only=read_only)

        assert [text for text in sent if text.startswith("BEGIN")] == [begin]

    def test_gives_sqlite_its_settings(self, boot, sqlite_url):
        """Foreign keys are enforced, and what is committed is on the disk."""
        app = boot(sqlite_url)
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "trusted_schema")
        with app.app_context():
            values = {name: db.session.scalar(sa.text(f"PRAGMA {name}")) for name in names}

        assert values == {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "busy_timeout": 15000,
            "trusted_schema": 0,
        }

    def test_many_can_open_a_new_database_at_once(self, boot, tmp_path):
        """The first connections to a new file do not disturb each other."""
        app = boot(f"sqlite:///{tmp_path / 'new.db'}")

        def open_it(_number):
            with app.app_context():
                return db.session.scalar(sa.text("SELECT 1"))

        with ThreadPoolExecutor(WRITERS) as threads:
            assert list(threads.map(open_it, range(WRITERS))) == [1] * WRITERS

    def test_makes_schema_changes_atomic(self, boot, sqlite_url):
        """On SQLite a CREATE TABLE is undone with the transaction it is in."""
        app = boot(sqlite_url)
        with app.app_context():
            db.session.execute(sa.text("CREATE TABLE half (id INTEGER)"))
            db.session.rollback()

            assert "half" not in sa.inspect(db.session.connection()).get_table_names()


class TestEngineOptions:
    def test_bounds_what_postgresql_waits_for(self, boot, empty_postgresql_url):
        """Locks, statements and idle transactions have an end, and the clock is UTC."""
        app = boot(empty_postgresql_url)
        with app.app_context():
            shown = {
                name: db.session.scalar(sa.text(f"SHOW {name}"))
                for name in (
                    "lock_timeout",
                    "statement_timeout",
                    "idle_in_transaction_session_timeout",
                    "timezone",
                    "transaction_isolation",
                )
            }

        assert shown == {
            "lock_timeout": "3s",
            "statement_timeout": "8s",
            "idle_in_transaction_session_timeout": "10s",
            "timezone": "UTC",
            "transaction_isolation": "read committed",
        }

    def test_keeps_a_connection_for_each_thread(self):
        """The pool holds as many connections as threads, and no more."""
        options = transactions.engine_options(sa.make_url("postgresql://host/db"), threads=7)

        assert (options["pool_size"], options["max_overflow"]) == (7, 0)


def _raise_rank():
    note = db.session.scalars(db.locked(sa.select(Note))).one()
    note.rank += 1


def _titles(app):
    with app.app_context():
        return work.run(lambda: list(db.session.scalars(sa.select(Note.title))), read_only=True)


def _trace(app):
    """Collect what SQLite is really sent, BEGIN included."""
    sent = []
    engine = app.extensions["sqlalchemy"].engine
    sa.event.listen(engine, "connect", lambda raw, _record: raw.set_trace_callback(sent.append))
    return sent
