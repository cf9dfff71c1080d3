import os
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa

from mercato_kit import db, transactions, work
from mercato_kit.driver import wrapped

from .demo import Note
from .steps import add_note

WRITERS = 8
ROUNDS = 25


class TestPrepare:
    def test_writers_lose_nothing(self, app, in_unit):
        """Eight threads that read a number and write its successor lose no update.

        On SQLite each waits at BEGIN, on PostgreSQL at the row.
        """
        in_unit(lambda: add_note("counter"))

        def count(_writer):
            for _ in range(ROUNDS):
                in_unit(_raise_rank)

        with ThreadPoolExecutor(WRITERS) as threads:
            list(threads.map(count, range(WRITERS)))

        assert in_unit(lambda: db.session.scalar(sa.select(Note.rank))) == WRITERS * ROUNDS

    def test_readers_do_not_wait_for_writers(self, boot, sqlite_url):
        """On SQLite a read-only unit runs while another holds the write lock."""
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
        """On SQLite a transaction that may write begins IMMEDIATE; a read-only one does not."""
        app = boot(sqlite_url)
        with app.app_context():
            sent = _trace(app)
            work.run(lambda: db.session.scalar(sa.select(Note.id)), read_only=read_only)

        assert [text for text in sent if text.startswith("BEGIN")] == [begin]

    def test_makes_sqlite_files_for_their_owner(self, tmp_path):
        """The database, its log and its index have the mode 0600 under any umask."""
        engine = sa.create_engine(f"sqlite:///{tmp_path}/new.db", poolclass=sa.pool.NullPool)
        transactions.prepare(engine)
        before = os.umask(0)
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql("CREATE TABLE note (id INTEGER)")
                modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
        finally:
            os.umask(before)

        assert modes == dict.fromkeys(["new.db", "new.db-wal", "new.db-shm"], 0o600)

    def test_sets_sqlite_pragmas(self, boot, sqlite_url):
        """Foreign keys are enforced, commits are durable, and lists fit the cache."""
        expected = {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "busy_timeout": 15000,
            "trusted_schema": 0,
            "cache_size": -8000,
        }
        app = boot(sqlite_url)
        with app.app_context():
            values = {name: db.session.scalar(sa.text(f"PRAGMA {name}")) for name in expected}

        assert values == expected

    def test_many_can_open_a_new_database_at_once(self, boot, tmp_path):
        """Concurrent first connections to a new file succeed."""
        app = boot(f"sqlite:///{tmp_path / 'new.db'}")

        def open_it(_number):
            with app.app_context():
                return db.session.scalar(sa.text("SELECT 1"))

        with ThreadPoolExecutor(WRITERS) as threads:
            assert list(threads.map(open_it, range(WRITERS))) == [1] * WRITERS

    def test_makes_schema_changes_transactional(self, boot, sqlite_url):
        """On SQLite a CREATE TABLE is rolled back with its transaction."""
        app = boot(sqlite_url)
        with app.app_context():
            db.session.execute(sa.text("CREATE TABLE half (id INTEGER)"))
            db.session.rollback()

            assert "half" not in sa.inspect(db.session.connection()).get_table_names()


class TestPreparePostgresql:
    def test_sets_postgresql_timeouts(self, boot, empty_postgresql_url):
        """Locks, statements and idle transactions have timeouts, and the time zone is UTC."""
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

    def test_settings_end_with_the_transaction(self, prepared):
        """A pooler that gives the connection to another client gives it none of our settings."""
        before, during, after = [], [], []
        with prepared.connect() as connection:
            for isolation, seen in (("AUTOCOMMIT", before), (None, during), ("AUTOCOMMIT", after)):
                options = {"isolation_level": isolation or "READ COMMITTED"}
                with connection.execution_options(**options).begin():
                    seen.append(connection.scalar(sa.text("SHOW lock_timeout")))

        assert (before, during, after) == (["0"], ["3s"], ["0"])

    def test_settings_take_no_message_of_their_own(self, prepared, tmp_path):
        """A transaction of one SELECT is three messages: BEGIN and the settings, SELECT, COMMIT."""
        with prepared.connect() as connection, (tmp_path / "trace").open("w+") as trace:
            pgconn = connection.connection.driver_connection.pgconn
            pgconn.trace(trace.fileno())
            with connection.begin():
                connection.exec_driver_sql("SELECT 1")
            pgconn.untrace()
            trace.seek(0)
            sent = [line.split('"')[1].split(" ")[0] for line in trace if "\tQuery\t" in line]

        assert sent == ["BEGIN;", "SELECT", "COMMIT"]

    def test_keeps_plans(self, prepared):
        """The server keeps the plan of a statement that is sent often."""
        assert _plans_kept(prepared) == 1

    def test_keeps_no_plans_where_tables_change(self, postgresql_url):
        """An engine for migrations has no prepared statements."""
        url = sa.make_url(postgresql_url)
        engine = sa.create_engine(url, **transactions.engine_options(url))
        transactions.prepare(engine, keep_plans=False)

        kept = _plans_kept(engine)
        engine.dispose()

        assert kept == 0

    def test_keeps_the_isolation_level(self, prepared):
        """A transaction begins with the isolation level that its connection was given."""
        with prepared.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            assert connection.scalar(sa.text("SHOW transaction_isolation")) == "repeatable read"

    def test_the_driver_begins_no_transaction_of_its_own(self, prepared):
        """The server warns of no second BEGIN, also not after an isolation level was given."""
        warnings = []
        with prepared.connect() as connection:
            driver = connection.connection.driver_connection
            driver.add_notice_handler(lambda notice: warnings.append(notice.message_primary))
            for level in ("AUTOCOMMIT", "READ COMMITTED"):
                with connection.execution_options(isolation_level=level).begin():
                    connection.exec_driver_sql("SELECT 1")

        assert warnings == []

    def test_a_lost_connection_is_replaced(self, prepared):
        """Connections that ended while they were idle cost no transaction."""
        asked = sa.text("SELECT pg_backend_pid()")
        with prepared.begin() as one, prepared.begin() as two:
            pids = [one.scalar(asked), two.scalar(asked)]
        with psycopg.connect(prepared.url.render_as_string(hide_password=False)) as other:
            other.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) AS pid", [pids])

        with prepared.begin() as one, prepared.begin() as two:
            assert {one.scalar(asked), two.scalar(asked)}.isdisjoint(pids)

    def test_a_closed_socket_is_a_lost_connection(self, prepared):
        """Also if psycopg sees it before libpq calls the connection bad."""
        closed = psycopg.OperationalError("connection socket closed")

        def fail(*_arguments):
            raise closed

        with prepared.connect() as connection:
            driver = connection.connection.driver_connection
            seen = wrapped(prepared.dialect, closed, "SELECT 1", driver)
            sa.event.listen(prepared, "do_execute", fail)
            with pytest.raises(sa.exc.OperationalError) as lost:
                connection.exec_driver_sql("SELECT 1")

        assert seen.connection_invalidated
        assert lost.value.connection_invalidated

    def test_an_error_of_the_server_keeps_the_connection(self, prepared):
        """A statement that ran too long loses its transaction, not its connection."""
        with prepared.connect() as connection:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 20")
            with pytest.raises(sa.exc.OperationalError) as late:
                connection.exec_driver_sql("SELECT pg_sleep(5)")

        assert not late.value.connection_invalidated


class TestLostSettings:
    def test_of_a_prepared_engine(self, prepared):
        """An engine with the settings has lost none."""
        assert transactions.lost_settings(prepared) == {}

    def test_of_an_engine_without_the_settings(self, postgresql_url):
        """What the server has instead is returned by name."""
        engine = sa.create_engine(postgresql_url, poolclass=sa.pool.NullPool)

        lost = transactions.lost_settings(engine)

        assert lost == {
            "lock_timeout": "0",
            "statement_timeout": "0",
            "idle_in_transaction_session_timeout": "0",
        }

    def test_of_sqlite(self, tmp_path):
        """SQLite is not asked, and no file is made."""
        engine = sa.create_engine(f"sqlite:///{tmp_path}/shop.db")

        assert transactions.lost_settings(engine) == {}
        assert not (tmp_path / "shop.db").exists()


class TestEngineOptions:
    def test_keeps_a_connection_for_each_thread(self):
        """The pool has as many connections as threads, and no overflow."""
        options = transactions.engine_options(sa.make_url("postgresql://host/db"), threads=7)

        assert (options["pool_size"], options["max_overflow"]) == (7, 0)


def _plans_kept(engine):
    """Send a statement twenty times; return how many plans the server keeps."""
    with engine.begin() as connection:
        for number in range(20):
            connection.execute(sa.select(sa.literal(number)))
        return connection.scalar(sa.text("SELECT count(*) FROM pg_prepared_statements"))


@pytest.fixture
def prepared(postgresql_url):
    """An engine with the kit's options and settings."""
    url = sa.make_url(postgresql_url)
    engine = sa.create_engine(url, **transactions.engine_options(url, threads=2))
    transactions.prepare(engine)
    yield engine
    engine.dispose()


def _raise_rank():
    note = db.session.scalars(db.locked(sa.select(Note))).one()
    note.rank += 1


def _titles(app):
    with app.app_context():
        return work.run(lambda: list(db.session.scalars(sa.select(Note.title))), read_only=True)


def _trace(app):
    """Collect the statements sent to SQLite, including BEGIN."""
    sent = []
    engine = app.extensions["sqlalchemy"].engine
    sa.event.listen(engine, "connect", lambda raw, _record: raw.set_trace_callback(sent.append))
    return sent
