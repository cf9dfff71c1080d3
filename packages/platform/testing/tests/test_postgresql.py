import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest
import sqlalchemy as sa

from mercato_testing.postgresql import ServerError, running_server
from mercato_testing.postgresql.accounts import command_prefix, usable_account
from mercato_testing.postgresql.server import Server

# Root has two ways to run PostgreSQL, other users have one.
ACCOUNTS = sorted({usable_account(), "nobody"}) if os.geteuid() == 0 else ["self"]

USER_OF_A_SERVER = """
import sys
from pathlib import Path
from mercato_testing.postgresql import running_server

with running_server(Path(sys.argv[1]), sys.argv[2]) as server:
    print(server.port, server.installation.account, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def run_directory(tmp_path_factory):
    """The directory of a test run, whose servers share one initdb."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture
def start_user():
    """Start another process that uses a server until its input ends."""
    users = []

    def start(directory, name, prefix=()):
        command = [*prefix, sys.executable, "-c", USER_OF_A_SERVER, str(directory), name]
        user = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        users.append(user)
        return user

    yield start

    for user in users:
        with user:
            user.stdin.close()


def value_of(url, query):
    """Return the single value of *query* on the database at *url*."""
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchone()[0]


def wait_until(happened):
    """Wait at most ten seconds until *happened* is true."""
    deadline = time.monotonic() + 10
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.02)
    return happened()


class TestRunningServer:
    @pytest.mark.parametrize("account", ACCOUNTS)
    def test_serves_postgresql_18(self, tmp_path, account):
        """Under every possible account, the server runs PostgreSQL 18."""
        with running_server(tmp_path, account=account) as server:
            version = value_of(server.url(), "SHOW server_version")

        assert version.startswith("18.")

    @pytest.mark.parametrize("account", ACCOUNTS)
    def test_leaves_nothing(self, tmp_path, account):
        """After its last user, no process and no data directory is left."""
        with running_server(tmp_path, account=account) as server:
            pass

        assert not server.is_running()
        assert not server.installation.home.exists()

    def test_serves_an_ordinary_user(self, tmp_path, start_user):
        """A process that is not root runs PostgreSQL directly."""
        user = start_user(tmp_path, "ordinary", command_prefix(usable_account()))

        account = user.stdout.readline().split()[1]

        assert account == "self"

    def test_is_shared(self, run_directory):
        """The same directory and name give the same server."""
        with running_server(run_directory) as first, running_server(run_directory) as second:
            assert first == second

    def test_outlives_the_user_that_started_it(self, run_directory, start_user):
        """A server keeps running for other users after the first one has ended."""
        first = start_user(run_directory, "outlives")
        first.stdout.readline()
        with running_server(run_directory, "outlives") as server:
            first.communicate()

            answer = value_of(server.url(), "SELECT 1")

        assert answer == 1
        assert not server.is_running()

    def test_starts_once_for_users_that_come_together(self, run_directory, start_user):
        """Processes that start at the same time share one server."""
        users = [start_user(run_directory, "together") for _ in range(3)]

        ports = {user.stdout.readline() for user in users}

        assert len(ports) == 1

    def test_ends_with_a_killed_user(self, run_directory, start_user):
        """A user that is killed leaves no server and no data behind."""
        user = start_user(run_directory, "orphan")
        user.stdout.readline()
        server = Server.load(run_directory / "orphan")

        os.killpg(user.pid, signal.SIGKILL)

        assert wait_until(lambda: not server.installation.home.exists())
        assert not server.is_running()

    def test_starts_anew_after_a_killed_run(self, run_directory, start_user):
        """The next run does not get the databases of a killed run."""
        user = start_user(run_directory, "again")
        user.stdout.readline()
        Server.load(run_directory / "again").create_database("of_the_killed_run")
        user.kill()
        user.wait()

        with running_server(run_directory, "again") as server:
            found = value_of(
                server.url(), "SELECT count(*) FROM pg_database WHERE datname LIKE 'of_the%'"
            )

        assert found == 0

    def test_initialises_once(self, run_directory):
        """The servers of one directory share one initdb."""
        query = "SELECT system_identifier FROM pg_control_system()"
        with (
            running_server(run_directory, "one") as one,
            running_server(run_directory, "two") as two,
        ):
            identities = {value_of(one.url(), query), value_of(two.url(), query)}
            ports = {one.port, two.port}

        assert (len(identities), len(ports)) == (1, 2)

    def test_needs_the_password(self, run_directory):
        """Another user of this machine cannot connect without the password."""
        with running_server(run_directory) as server:
            address = server.url().replace(server.password, "guessed")

            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(address)

    def test_keeps_the_password_to_its_user(self, run_directory):
        """Other users cannot read the files with the password."""
        with running_server(run_directory) as server:
            record = Server.record_file(server.directory).stat()
            template = (run_directory / "template" / "password").stat()

        assert [stat.S_IMODE(file.st_mode) for file in (record, template)] == [0o600, 0o600]

    def test_refuses_another_durability(self, run_directory):
        """A durable server is refused under the name of one that is not."""
        durable = running_server(run_directory, durable=True)

        with (
            running_server(run_directory),
            pytest.raises(ValueError, match="another name"),
            durable,
        ):
            pass

    def test_takes_200_connections(self, run_directory):
        """The server accepts 200 connections."""
        with running_server(run_directory) as server:
            limit = value_of(server.url(), "SHOW max_connections")

        assert limit == "200"


class TestServer:
    @pytest.fixture
    def server(self, run_directory):
        """The server of the run that is not durable."""
        with running_server(run_directory) as server:
            yield server

    @pytest.fixture
    def durable_server(self, run_directory):
        """A durable server that a test can kill."""
        with running_server(run_directory, "durable", durable=True) as server:
            yield server

    def test_url_is_sqlalchemys(self, server):
        """SQLAlchemy accepts the URL, and uses psycopg 3."""
        engine = sa.create_engine(server.create_database("plain"))

        with engine.connect() as connection:
            name = connection.scalar(sa.text("SELECT current_database()"))

        engine.dispose()
        assert (name, engine.driver) == ("plain", "psycopg")

    def test_create_database_copies_a_template(self, server):
        """A new database has the tables and rows of its template."""
        with psycopg.connect(server.create_database("template")) as connection:
            connection.execute("CREATE TABLE lamp AS SELECT 7 AS price")

        copy = server.create_database("copy", template="template")

        assert value_of(copy, "SELECT price FROM lamp") == 7

    def test_create_database_by_many_at_once(self, server):
        """Several workers can copy one template at the same time."""
        server.create_database("model")
        names = [f"worker_{number}" for number in range(6)]

        with ThreadPoolExecutor() as workers:
            urls = list(workers.map(lambda name: server.create_database(name, "model"), names))

        assert [value_of(url, "SELECT current_database()") for url in urls] == names

    def test_create_database_takes_any_name(self, server):
        """Quotes and slashes in a name are part of the name."""
        name = """it's "a/b?c" """

        url = server.create_database(name)

        assert value_of(url, "SELECT current_database()") == name

    def test_drop_database_ends_connections(self, server):
        """A database with open connections can be dropped."""
        with closing(psycopg.connect(server.create_database("busy"))) as connection:
            server.drop_database("busy")

            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")

    def test_drop_database_that_is_absent(self, server):
        """Dropping an absent database is not an error."""
        server.drop_database("never_made")

        found = value_of(
            server.url(), "SELECT count(*) FROM pg_database WHERE datname = 'never_made'"
        )

        assert found == 0

    def test_compares_text_as_unicode(self, server):
        """lower() works for letters beyond ASCII."""
        assert value_of(server.url(), "SELECT lower('É')") == "é"

    def test_kill_loses_nothing_committed(self, durable_server):
        """A durable server that was killed restarts on its port with every committed row."""
        url = durable_server.create_database("shop")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE sold AS SELECT 1 AS units")

        durable_server.kill()
        was_running = durable_server.is_running()
        durable_server.restart()

        assert not was_running
        assert value_of(url, "SELECT units FROM sold") == 1

    def test_kill_ends_connections(self, durable_server):
        """Open connections get an error when the server is killed."""
        with closing(psycopg.connect(durable_server.url())) as connection:
            durable_server.kill()

            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")

    def test_durable_syncs(self, durable_server, server):
        """Only a durable server syncs to disk."""
        synced = [value_of(each.url(), "SHOW fsync") for each in (durable_server, server)]

        assert synced == ["on", "off"]

    def test_restart_keeps_the_data(self, durable_server):
        """A server that is restarted keeps its databases."""
        url = durable_server.create_database("kept")

        durable_server.restart()

        assert value_of(url, "SELECT current_database()") == "kept"

    def test_a_killed_server_leaves_nothing(self, run_directory):
        """A server that was killed and not restarted is removed too."""
        with running_server(run_directory, "killed") as server:
            server.kill()

        assert not server.installation.home.exists()

    def test_start_says_why_it_failed(self, run_directory):
        """The error of a server that cannot start has PostgreSQL's output."""
        with running_server(run_directory, "broken") as server:
            server.stop()
            (server.installation.data / "PG_VERSION").write_text("9.6\n")

            with pytest.raises(ServerError, match="database files are incompatible"):
                server.start()
