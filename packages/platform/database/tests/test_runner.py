import os
import queue
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from mercato_composition.faults import DeploymentError
from mercato_database.checks import database_faults
from mercato_database.drift import differences
from mercato_database.faults import lock_held, pending_fault, unreachable
from mercato_database.history import behind, current_revisions, histories
from mercato_database.locks import LockHeldError, migration_lock
from mercato_database.plan import read
from mercato_database.runner import Applied, migration_engine, upgrade
from mercato_database.scaffold import write_revision
from mercato_kit.feature import Feature
from mercato_kit.progress import Progress
from mercato_testing.samples.notes import feature as notes

KIT = [Applied("kit", revision.number) for revision in histories([])[0].migrations]
ALL = [*KIT, Applied("notes", "0001"), Applied("notes", "0002")]
LINES = [f"{done.feature} {done.revision}" for done in ALL]
KIT_HEAD = KIT[-1].revision

STARTER = """
import sys
from mercato_testing.samples.notes import feature
from mercato_database.runner import upgrade
print("ready", flush=True)
sys.stdin.read()
for it in upgrade(sys.argv[1], [feature]):
    print(it.feature, it.revision)
"""

REVISION = """
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {before!r}
branch_labels = None
depends_on = None


def upgrade():
    {upgrade}


def downgrade():
    pass
"""


@pytest.fixture
def write(tmp_path):
    """Write a feature whose revisions run the given lines."""

    def write(name, *lines):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for number, line in enumerate(lines, start=1):
            before = f"{number - 1:04d}" if number > 1 else None
            text = REVISION.format(revision=f"{number:04d}", before=before, upgrade=line)
            (folder / f"{number:04d}_step.py").write_text(text)
        return Feature(name=name, summary="For a test.", migrations=folder)

    return write


def create(table):
    """Return a line that creates a table."""
    return f"op.create_table({table!r}, sa.Column('id', sa.Integer, primary_key=True))"


def tables(url):
    """Return the names of a database's tables."""
    with migration_engine(url) as engine:
        return set(sa.inspect(engine).get_table_names())


class TestUpgrade:
    def test_applies_all_in_order(self, url, capsys):
        """The kit's revisions come first, then those of the features; each is reported."""
        applied = upgrade(url, [notes], progress=Progress())

        assert applied == ALL
        assert capsys.readouterr().out.splitlines() == LINES
        assert {"kit_outbox", "notes_note", "notes_effect"} <= tables(url)

    def test_does_nothing_twice(self, url):
        """An upgrade of a database that is up to date applies nothing."""
        upgrade(url, [notes])

        assert upgrade(url, [notes]) == []

    def test_keeps_a_history_for_each_feature(self, url):
        """Each feature has its own version table; there is no shared one."""
        upgrade(url, [notes])

        assert {"kit_alembic_version", "notes_alembic_version"} <= tables(url)
        assert "alembic_version" not in tables(url)

    def test_ignores_a_feature_that_was_removed(self, url, write):
        """Other features can be upgraded after one is removed; its tables stay."""
        upgrade(url, [notes])

        applied = upgrade(url, [write("other", create("other_thing"))])

        assert applied == [Applied("other", "0001")]
        assert "notes_note" in tables(url)

    def test_applies_a_feature_whole_or_not_at_all(self, url, write):
        """A history that fails is rolled back completely; features before it are kept."""
        broken = write("broken", create("broken_thing"), "op.execute('SELECT 1 FROM nowhere')")

        with pytest.raises(DeploymentError) as failed:
            upgrade(url, [notes, broken])

        (fault,) = failed.value.faults
        assert (fault.code, fault.feature) == ("K305", "broken")
        assert fault.what.startswith("migration 0002 failed: ")
        assert fault.what.splitlines()[-3:] == [
            "statement: SELECT 1 FROM nowhere",
            "all migrations of broken in this run were rolled back.",
            "applied before and kept: " + ", ".join(LINES),
        ]
        assert fault.fix == "correct the cause\nthen: mercato db upgrade"
        assert "notes_note" in tables(url)
        assert "broken_thing" not in tables(url)

    def test_stops_at_the_first_failure(self, url, write):
        """Features after the one that failed are not migrated."""
        broken = write("broken", "raise KeyError('no such thing')")

        with pytest.raises(DeploymentError, match="no such thing"):
            upgrade(url, [broken, write("later", create("later_thing"))])

        assert "later_thing" not in tables(url)

    def test_can_be_resumed(self, url, write):
        """When the cause is fixed, the same call applies the rest."""
        with pytest.raises(DeploymentError, match="K305"):
            upgrade(url, [write("broken", create("broken_thing"), "raise KeyError")])

        applied = upgrade(url, [write("broken", create("broken_thing"), create("broken_other"))])

        assert applied == [Applied("broken", "0001"), Applied("broken", "0002")]

    def test_refuses_a_database_from_the_future(self, url, write):
        """An upgrade refuses tables at a revision that the wheel does not know."""
        upgrade(url, [write("other", create("other_a"), create("other_b"))])
        older = write("older", create("other_a"))

        with migration_engine(url) as engine, engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM kit_ledger"))

        with pytest.raises(DeploymentError) as refused:
            upgrade(url, [Feature(name="other", summary="Old.", migrations=older.migrations)])

        (fault,) = refused.value.faults
        assert (fault.code, fault.feature, fault.severity) == ("K303", "other", "error")
        assert fault.what.startswith(
            "its tables are at 0002; this version knows revisions up to 0001."
        )

    def test_four_starters_migrate_once(self, url):
        """Of four processes that start at once, all succeed, and each revision is applied once."""
        starters = [
            subprocess.Popen(
                [sys.executable, "-c", STARTER, url],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(4)
        ]
        for starter in starters:
            assert starter.stdout.readline() == "ready\n"
        for starter in starters:
            starter.stdin.close()

        applied = [line.strip() for starter in starters for line in starter.stdout]

        assert [starter.wait() for starter in starters] == [0] * 4
        for starter in starters:
            starter.stdout.close()
        assert sorted(applied) == LINES


class TestMigrationLock:
    def test_waits_and_gives_up(self, url):
        """A process that finds the lock taken reports the holder once, and fails after the wait."""
        lines = []
        with migration_engine(url) as engine:
            with migration_lock(engine, wait_seconds=1, on_progress=lines.append):
                second = migration_lock(engine, wait_seconds=0.3, on_progress=lines.append)
                with pytest.raises(LockHeldError, match=r"waited 0\.3 s .* since "):
                    second.__enter__()

            with migration_lock(engine, wait_seconds=0.3, on_progress=lines.append):
                assert [line.partition(" on ")[0] for line in lines] == [
                    f"waiting for the migration lock, held by process {os.getpid()}"
                ]

    def test_lets_indexes_be_created_concurrently(self, empty_database):
        """CREATE INDEX CONCURRENTLY waits neither for the holder nor for a process that waits."""
        with migration_engine(empty_database("postgresql")) as engine:
            with engine.begin() as connection:
                connection.exec_driver_sql("CREATE TABLE thing (id integer)")

            def wait():
                with migration_lock(engine, wait_seconds=60, on_progress=waits.put):
                    return True

            waits = queue.Queue()
            with ThreadPoolExecutor(1) as other:
                with (
                    migration_lock(engine, wait_seconds=1, on_progress=waits.put),
                    engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
                ):
                    waiting = other.submit(wait)
                    waits.get(timeout=30)
                    connection.exec_driver_sql("SET statement_timeout = '20s'")
                    connection.exec_driver_sql("CREATE INDEX CONCURRENTLY ix ON thing (id)")

                assert waiting.result(timeout=30)

    def test_reports_that_it_was_lost(self, empty_database):
        """A lock whose connection ends is gone, and the run that held it fails."""
        with migration_engine(empty_database("postgresql")) as engine:
            lock = migration_lock(engine, wait_seconds=1, on_progress=print)
            lock.__enter__()
            with engine.begin() as connection:
                connection.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

            with migration_lock(engine, wait_seconds=1, on_progress=print):
                pass
            with pytest.raises(sa.exc.DBAPIError):
                lock.__exit__(None, None, None)

    def test_leaves_a_file_for_its_owner(self, tmp_path):
        """On SQLite the lock and the database have the mode 0600 under any umask."""
        before = os.umask(0)
        try:
            with (
                migration_engine(f"sqlite:///{tmp_path}/shop.db") as engine,
                migration_lock(engine, wait_seconds=1, on_progress=print),
                engine.connect(),
            ):
                modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
        finally:
            os.umask(before)

        assert modes.pop("shop.db.lock") == 0o600
        assert set(modes.values()) == {0o600}


class TestBehind:
    def test_of_an_empty_database(self, url):
        """All features are behind, with all of their migrations."""
        with migration_engine(url) as engine, engine.connect() as connection:
            found = behind(connection, [notes])

        assert [(step.feature, step.current, len(step.missing)) for step in found] == [
            ("kit", None, len(KIT)),
            ("notes", None, 2),
        ]

    def test_of_a_migrated_database(self, url):
        """No feature is behind."""
        upgrade(url, [notes])

        with migration_engine(url) as engine, engine.connect() as connection:
            assert behind(connection, [notes]) == []
            assert current_revisions(connection, ["kit", "notes", "x"]) == {
                "kit": KIT_HEAD,
                "notes": "0002",
            }

    def test_of_a_feature_that_is_behind(self, url, write):
        """The revisions after that of the tables are missing."""
        upgrade(url, [write("other", create("other_a"))])
        newer = write("other", create("other_a"), create("other_b"), create("other_c"))

        with migration_engine(url) as engine, engine.connect() as connection:
            (step,) = behind(connection, [newer])

        assert (step.current, [it.number for it in step.missing]) == ("0001", ["0002", "0003"])

    def test_needs_no_alembic(self):
        """A web process that checks for pending migrations does not import Alembic."""
        code = "import sys, mercato_database.checks; sys.exit('alembic' in sys.modules)"

        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestFaults:
    def test_pending(self, url, write):
        """K302 has both revisions, the number of migrations, and the command."""
        upgrade(url, [write("other", create("other_a"))])
        newer = write("other", create("other_a"), create("other_b"), create("other_c"))

        with migration_engine(url) as engine:
            _, step = read(engine, histories([newer]), contract=False).steps

        fault = pending_fault(step)
        assert (fault.code, fault.feature, fault.fix) == ("K302", "other", "mercato db upgrade")
        assert fault.what == (
            "its tables are at 0001; this version needs 0003: 2 migrations are pending."
        )

    def test_lock_held(self):
        """K306 reports a held lock."""
        assert lock_held(LockHeldError("held")).code == "K306"

    def test_no_database(self):
        """K207 names the host."""
        engine = sa.create_engine("postgresql://shop:secret@127.0.0.1:1/shop")

        (fault,) = database_faults(engine, [])

        assert fault.code == "K207"
        assert "the database 127.0.0.1 cannot be used: " in fault.what

    @pytest.mark.parametrize(
        "login",
        [
            "shop:hush-hush@127.0.0.1:1/shop",
            "shop@127.0.0.1:1/shop?password=hush-hush&connect_timeout=1",
            "shop@127.0.0.1:1/shop?sslmode=hush-hush",
        ],
    )
    def test_no_database_and_no_password(self, login):
        """K207 shows no part of a password, and no value from behind the ``?``."""
        engine = sa.create_engine(f"postgresql://{login}")

        (fault,) = database_faults(engine, [])

        assert fault.code == "K207"
        assert "hush" not in str(fault)

    def test_a_password_in_the_message_of_the_driver(self):
        """Each occurrence is masked, also a quoted one, and the part of one after an @."""
        url = sa.make_url("postgresql://shop:hu%2Fsh@ush@127.0.0.1/shop?sslpassword=psst")
        cause = Exception("no: hu/sh, hu%2Fsh, psst, ush@127.0.0.1")

        fault = unreachable(url, sa.exc.OperationalError("", {}, cause))

        assert fault.what == (
            "the database 127.0.0.1 cannot be used: no: ***, ***, ***, ***@127.0.0.1"
        )


class TestDifferences:
    def test_none(self, url):
        """Migrations that match the models have no differences."""
        upgrade(url, [notes])

        assert [differences(url, history) for history in histories([notes])] == [[], []]

    @pytest.mark.parametrize(
        ("change", "seen"),
        [
            ("ALTER TABLE notes_note ADD COLUMN colour TEXT", "colour"),
            ("CREATE TABLE notes_thing (id INTEGER PRIMARY KEY)", "notes_thing"),
            ("DROP TABLE notes_effect", "notes_effect"),
        ],
    )
    def test_some(self, url, change, seen):
        """What the database has in addition to the models, or lacks, is named."""
        upgrade(url, [notes])
        with migration_engine(url) as engine, engine.begin() as connection:
            connection.execute(sa.text(change))

        (line,) = differences(url, histories([notes])[1])

        assert seen in line

    def test_sees_own_tables_only(self, url):
        """Tables of other features are not compared."""
        upgrade(url, [notes])
        with migration_engine(url) as engine, engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE others_thing (id INTEGER PRIMARY KEY)"))

        assert differences(url, histories([notes])[1]) == []


class TestWriteRevision:
    def test_writes_the_first(self, tmp_path, url):
        """The first migration creates the tables of the models, and can be applied unchanged."""
        feature = Feature(
            name="notes", summary="", metadata=notes.metadata, migrations=tmp_path / "versions"
        )

        written = write_revision(histories([feature])[1], "first tables")

        assert written == tmp_path / "versions" / "0001_first_tables.py"
        assert upgrade(url, [feature]) == [*KIT, Applied("notes", "0001")]
        assert differences(url, histories([feature])[1]) == []

    def test_writes_nothing_where_nothing_changed(self):
        """If the migrations match the models, no file is written."""
        assert write_revision(histories([notes])[1], "nothing") is None
