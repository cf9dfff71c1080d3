import gc
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from mercato_kit import db, sqlite, transactions, work
from mercato_kit.errors import Unavailable

from .demo import Note
from .steps import add_note, session_is_usable

WAIT = 10
"""Seconds; more than anything here takes."""


@pytest.fixture
def open_engine(tmp_path):
    """A function that makes engines with the options and settings of an app."""
    engines = []

    def make(name="shop.db", **options):
        url = sa.make_url(f"sqlite:///{tmp_path}/{name}")
        engine = sa.create_engine(url, **transactions.engine_options(url, **options))
        transactions.prepare(engine)
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def engine(open_engine):
    """An engine for three threads, on a database with a table."""
    engine = open_engine(threads=3)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE note (title)")
    return engine


def write(engine, title="a"):
    """Insert a row in a transaction."""
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO note VALUES (?)", (title,))


def titles(engine):
    """Read all rows in the order in which they were inserted."""
    with transactions.reading(), engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT title FROM note ORDER BY rowid").scalars())


def be_patient_for(milliseconds, engine):
    """Set how long the connections of *engine* wait for writers."""
    sa.event.listen(
        engine, "connect", lambda raw, _: raw.execute(f"PRAGMA busy_timeout = {milliseconds}")
    )
    engine.dispose()


def until(condition):
    """Wait until *condition* is true."""
    give_up_at = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.001)


@contextmanager
def queue(lock, number, step):
    """Run *step* in threads that ask for *lock* one after another."""
    with ThreadPoolExecutor(number) as threads:
        found = []
        for place in range(number):
            found.append(threads.submit(step, place))
            until(lambda waiting=place + 1: len(lock._turns) == waiting)
        yield found


class TestFairLock:
    def test_is_handed_over_in_order(self):
        """Threads get the lock in the order in which they asked for it."""
        lock, order = sqlite.FairLock(), []
        lock.acquire(0)

        def step(place):
            assert lock.acquire(WAIT)
            order.append(place)
            lock.release()

        with queue(lock, 5, step):
            lock.release()

        assert order == [0, 1, 2, 3, 4]

    def test_a_newcomer_does_not_overtake(self):
        """Between release and wake-up, only the first in the queue has the lock."""
        lock = sqlite.FairLock()
        lock.acquire(0)

        with queue(lock, 1, lambda _: lock.acquire(WAIT)) as [first]:
            lock.release()
            overtakes = lock.acquire(0)

        assert (first.result(), overtakes) == (True, False)

    def test_who_gives_up_leaves_the_queue(self):
        """A wait that was too long acquires nothing, and the next in the queue is served."""
        lock = sqlite.FairLock()
        lock.acquire(0)

        def step(place):
            return lock.acquire(WAIT if place else 0.05)

        with queue(lock, 1, step) as [impatient]:
            assert not impatient.result()
            with queue(lock, 1, lambda _: lock.acquire(WAIT)) as [patient]:
                lock.release()

        assert patient.result()

    def test_who_is_interrupted_leaves_the_queue(self):
        """A wait that ends with an exception, as by Ctrl-C, does not keep the lock from others."""
        lock = sqlite.FairLock()
        lock.acquire(0)

        def interrupt(*_):
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            with pytest.raises(KeyboardInterrupt):
                lock.acquire(WAIT)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        lock.release()

        assert lock.acquire(0)


class TestWriters:
    def test_write_in_the_order_in_which_they_came(self, engine):
        """Transactions of one process that may write wait in a queue."""
        names = ["first", "second"]
        with engine.connect() as holder:
            holder.begin()
            with queue(sqlite._locks[engine], 2, lambda place: write(engine, names[place])):
                holder.rollback()

        assert titles(engine) == names

    def test_are_refused_when_the_queue_is_too_slow(self, boot, sqlite_url):
        """A unit of work that waits longer than busy_timeout answers 503, and the next one runs."""
        app = boot(sqlite_url)
        with app.app_context():
            be_patient_for(20, db.engine())
            add_note("holds the lock")
            with app.app_context(), pytest.raises(Unavailable) as refused:
                work.run(lambda: add_note("waits"))
            db.session.rollback()

            assert session_is_usable()
        assert refused.value.__cause__.orig.sqlite_errorcode == sqlite3.SQLITE_BUSY

    def test_are_refused_when_another_process_is_too_slow(self, boot, sqlite_url):
        """If BEGIN fails, the lock of the process is free again."""
        app = boot(sqlite_url)
        with app.app_context():
            be_patient_for(20, db.engine())
            other = sqlite3.connect(db.engine().url.database, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable):
                work.run(lambda: add_note("waits"))
            other.close()

            assert session_is_usable()

    @pytest.mark.parametrize("end", ["commit", "rollback", "invalidate", "close"])
    def test_let_the_next_one_write_at_once(self, engine, end):
        """The lock is released with the transaction, also if the connection is kept or lost."""
        with engine.connect() as connection:
            connection.exec_driver_sql("INSERT INTO note VALUES ('a')")
            getattr(connection, end)()

            assert sqlite._locks[engine].acquire(0)

    def test_that_fail_let_the_next_one_write(self, boot, sqlite_url):
        """An exception in a unit of work releases the lock, whatever it is."""
        app = boot(sqlite_url)

        def step():
            add_note("lost")
            raise SystemExit

        with app.app_context():
            with pytest.raises(SystemExit):
                work.run(step)

            assert session_is_usable()
            assert "lost" not in set(db.session.scalars(sa.select(Note.title)))

    def test_that_are_forgotten_let_the_next_one_write(self, engine):
        """A connection that was not closed gives the lock back when it is collected."""
        forgotten = engine.connect()
        forgotten.exec_driver_sql("INSERT INTO note VALUES ('a')")
        del forgotten
        gc.collect()

        write(engine, "b")

        assert titles(engine) == ["b"]

    def test_of_two_databases_do_not_wait_for_each_other(self, engine, open_engine):
        """A transaction on one database may contain one on another."""
        other = open_engine("other.db")
        with engine.begin(), other.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE note (title)")

        write(other, "b")

        assert titles(other) == ["b"]


class TestReaders:
    def test_never_hold_the_lock(self, engine):
        """A transaction that only reads takes no lock, and waits for none."""
        with engine.begin() as writer:
            writer.exec_driver_sql("INSERT INTO note VALUES ('new')")
            during = titles(engine)
        with transactions.reading(), engine.begin() as reader:
            reader.exec_driver_sql("SELECT * FROM note")
            write(engine, "newer")

        assert (during, titles(engine)) == ([], ["new", "newer"])


class TestPool:
    def test_opens_a_connection_once(self, engine):
        """Transactions of a thread share a connection, and its settings."""
        opened = []
        sa.event.listen(engine, "connect", lambda *_: opened.append(1))

        for title in "abc":
            write(engine, title)

        assert (opened, titles(engine)) == ([], ["a", "b", "c"])

    def test_opens_a_file_that_was_replaced(self, engine, open_engine):
        """A backup that is moved over the file is used from the next transaction on."""
        backup = open_engine("backup.db")
        with backup.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE note AS SELECT 'kept' AS title")
        backup.dispose()
        write(engine, "lost")

        Path(backup.url.database).replace(engine.url.database)
        for suffix in ("-wal", "-shm"):
            Path(f"{engine.url.database}{suffix}").unlink()

        assert titles(engine) == ["kept"]

    def test_keeps_the_log_from_other_processes(self, engine):
        """What is committed after a second connection was opened is seen by other processes.

        A process that takes itself for the last one removes the log, with what is in it.
        """
        read = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        read += "print(c.execute('SELECT count(*) FROM note').fetchone()[0]); c.close()"
        command = [sys.executable, "-c", read, engine.url.database]
        with engine.connect() as first:
            engine.connect().close()
            counts = [subprocess.check_output(command, text=True)]
            first.exec_driver_sql("INSERT INTO note VALUES ('a')")
            first.commit()
            counts.append(subprocess.check_output(command, text=True))

        assert counts == ["0\n", "1\n"]

    @pytest.mark.filterwarnings("error")
    def test_says_that_a_file_cannot_be_opened(self, open_engine):
        """An error of the driver, and nothing else, if the file's folder does not exist."""
        with pytest.raises(sa.exc.OperationalError, match="unable to open"):
            open_engine("missing/shop.db").connect()
        gc.collect()

    def test_is_not_shared_with_a_forked_process(self, tmp_path):
        """A fork closes idle connections first, so the child opens its own."""
        script = tmp_path / "fork.py"
        script.write_text(FORK)

        done = subprocess.run(
            [sys.executable, script, f"sqlite:///{tmp_path}/shop.db"],
            capture_output=True,
            text=True,
            timeout=WAIT * 3,
            check=False,
        )

        assert (done.returncode, done.stdout) == (0, "idle: [1, 0]\nchild: 0\nboth wrote: 2\n"), (
            done
        )


FORK = """
import os, sys
import sqlalchemy as sa
from mercato_kit import transactions

url = sa.make_url(sys.argv[1])
engine = sa.create_engine(url, **transactions.engine_options(url, threads=2))
transactions.prepare(engine)
with engine.begin() as connection:
    connection.exec_driver_sql("CREATE TABLE note (title)")

idle = [engine.pool.checkedin()]
pid = os.fork()
idle.append(engine.pool.checkedin())
if not pid:
    print("idle:", idle, flush=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO note VALUES (1)")
    os._exit(0)
print("child:", os.waitpid(pid, 0)[1])
with engine.begin() as connection:
    connection.exec_driver_sql("INSERT INTO note VALUES (2)")
    print("both wrote:", connection.exec_driver_sql("SELECT count(*) FROM note").scalar())
"""
