import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from mercato_database.drift import differences
from mercato_database.history import Pending
from mercato_database.history import current_revisions
from mercato_database.history import histories
from mercato_database.history import pending
from mercato_database.locks import LockHeldError
from mercato_database.locks import one_at_a_time
from mercato_database.messages import database_faults
from mercato_database.messages import migration_failed
from mercato_database.messages import pending_fault
from mercato_database.messages import somebody_else_migrates
from mercato_database.messages import unreachable
from mercato_database.runner import Applied
from mercato_database.runner import MigrationFailedError
from mercato_database.runner import UpgradeRefusedError
from mercato_database.runner import migration_engine
from mercato_database.runner import upgrade
from mercato_database.scaffold import write_revision
from mercato_kit.feature import Feature
from mercato_testing.samples.notes import feature as notes

KIT = [Applied("kit", revision) for revision in histories([])[0].revisions]
ALL = [*KIT, Applied("notes", "0001"), Applied("notes", "0002")]
TOLD = [f"{done.feature} {done.revision}" for done in ALL]
KIT_HEAD = KIT[-1].revision

STARTER = """
import sys
sys.path.insert(0, sys.argv[1])
from notes import feature
from mercato_database.runner import upgrade
print("ready", flush=True)
sys.stdin.read()
for it in upgrade(sys.argv[2], [feature]):
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
    """Writes a feature whose revisions run the given lines."""

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
    """A line that creates a table."""
    return f"op.create_table({table!r}, sa.Column('id', sa.Integer, primary_key=True))"


def tables(url):
    """Name the tables of a database."""
    with migration_engine(url) as engine:
        return set(sa.inspect(engine).get_table_names())


class TestUpgrade:
    def test_applies_all_in_order(self, url):
        """The kit's tables come first, then those of the features; each is told."""
        told = []

        applied = upgrade(url, [notes], on_progress=told.append)

        assert applied == ALL
        assert told == TOLD
        assert {"kit_outbox", "notes_note", "notes_effect"} <= tables(url)

    def test_does_nothing_twice(self, url):
        """A database that is up to date stays as it is."""
        upgrade(url, [notes])

        assert upgrade(url, [notes]) == []

    def test_keeps_a_history_for_each_feature(self, url):
        """A version table of its own, and never one that all share."""
        upgrade(url, [notes])

        assert {"kit_alembic_version", "notes_alembic_version"} <= tables(url)
        assert "alembic_version" not in tables(url)

    def test_a_feature_that_left_is_in_nobodys_way(self, url, write):
        """Others can be upgraded though the wheel of one is gone; its tables stay."""
        upgrade(url, [notes])

        applied = upgrade(url, [write("other", create("other_thing"))])

        assert applied == [Applied("other", "0001")]
        assert "notes_note" in tables(url)

    def test_applies_a_feature_whole_or_not_at_all(self, url, write):
        """A history that fails in the middle leaves nothing; what came before it stays."""
        broken = write("broken", create("broken_thing"), "op.execute('SELECT 1 FROM nowhere')")

        with pytest.raises(MigrationFailedError) as failed:
            upgrade(url, [notes, broken])

        assert (failed.value.feature, failed.value.revision) == ("broken", "0002")
        assert failed.value.statement == "SELECT 1 FROM nowhere"
        assert failed.value.applied == tuple(ALL)
        assert "notes_note" in tables(url)
        assert "broken_thing" not in tables(url)

    def test_stops_at_the_first_failure(self, url, write):
        """Features after the one that failed are not touched."""
        broken = write("broken", "raise KeyError('no such thing')")

        with pytest.raises(MigrationFailedError, match="no such thing"):
            upgrade(url, [broken, write("later", create("later_thing"))])

        assert "later_thing" not in tables(url)

    def test_goes_on_where_it_stopped(self, url, write):
        """When the cause is mended, the same call applies the rest."""
        with pytest.raises(MigrationFailedError):
            upgrade(url, [write("broken", create("broken_thing"), "raise KeyError")])

        applied = upgrade(url, [write("broken", create("broken_thing"), create("broken_other"))])

        assert applied == [Applied("broken", "0001"), Applied("broken", "0002")]

    def test_refuses_a_database_from_the_future(self, url, write):
        """A revision that the wheel does not know is not guessed about."""
        upgrade(url, [write("other", create("other_a"), create("other_b"))])
        older = write("older", create("other_a"))

        with migration_engine(url) as engine, engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM kit_ledger"))

        with pytest.raises(UpgradeRefusedError) as refused:
            upgrade(url, [Feature(name="other", summary="Old.", migrations=older.migrations)])

        assert refused.value.reasons == (Pending("other", "0002", "0001", 0),)

    def test_four_starters_migrate_once(self, url):
        """Four processes that start at once all end well, and each revision is applied once."""
        starters = [
            subprocess.Popen(
                [sys.executable, "-c", STARTER, Path(__file__).parent, url],
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
        assert sorted(applied) == TOLD


class TestOneAtATime:
    def test_waits_and_gives_up(self, url):
        """Who finds the lock taken says for whom it waits, once, and ends with an error."""
        told = []
        with migration_engine(url) as engine:
            with one_at_a_time(engine, wait_seconds=1, on_progress=told.append):
                second = one_at_a_time(engine, wait_seconds=0.3, on_progress=told.append)
                with pytest.raises(LockHeldError, match=r"since .* waited 0\.3 s"):
                    second.__enter__()

            with one_at_a_time(engine, wait_seconds=0.3, on_progress=told.append):
                assert [line.partition(" on ")[0] for line in told] == [
                    f"waiting for process {os.getpid()}"
                ]


class TestPending:
    def test_of_an_empty_database(self, url):
        """Everything is pending."""
        with migration_engine(url) as engine, engine.connect() as connection:
            found = pending(connection, [notes])

        assert found == [
            Pending("kit", None, KIT_HEAD, len(KIT)),
            Pending("notes", None, "0002", 2),
        ]

    def test_of_a_migrated_database(self, url):
        """Nothing is."""
        upgrade(url, [notes])

        with migration_engine(url) as engine, engine.connect() as connection:
            assert pending(connection, [notes]) == []
            assert current_revisions(connection, ["kit", "notes", "x"]) == {
                "kit": KIT_HEAD,
                "notes": "0002",
            }

    def test_of_a_feature_that_is_behind(self, url, write):
        """What its wheel brings since is counted."""
        upgrade(url, [write("other", create("other_a"))])
        newer = write("other", create("other_a"), create("other_b"), create("other_c"))

        with migration_engine(url) as engine, engine.connect() as connection:
            assert pending(connection, [newer]) == [Pending("other", "0001", "0003", 2)]

    def test_needs_no_alembic(self):
        """A web process that asks what is pending does not import Alembic."""
        lines = "import sys, mercato_database.messages; sys.exit('alembic' in sys.modules)"

        assert subprocess.run([sys.executable, "-c", lines], check=False).returncode == 0


class TestFaults:
    def test_pending(self):
        """K302 says from where to where, how many, and the command."""
        fault = pending_fault(Pending("reviews", "0001", "0003", 2), [])

        assert (fault.code, fault.where, fault.fix) == ("K302", "'reviews'", "mercato db upgrade")
        assert fault.what == (
            "its tables are at 0001; this version needs 0003: 2 migrations are pending."
        )

    def test_ahead(self):
        """K303 where the tables are newer than the wheel."""
        fault = pending_fault(Pending("reviews", "0009", "0003", 0), [])

        assert (fault.code, "at 0009" in fault.what, "0003" in fault.what) == ("K303", True, True)

    def test_failed(self):
        """K305 says what failed, what was rolled back, what is applied and how to go on."""
        error = MigrationFailedError("reviews", "0003", "no such column", "SELECT  x", tuple(ALL))

        fault = migration_failed(error, [])

        assert fault.code == "K305"
        assert fault.what.splitlines() == [
            "migration 0003 failed: no such column",
            "statement: SELECT x",
            "reviews was rolled back to where it was; nothing of it was applied.",
            "applied before, and kept: " + ", ".join(TOLD),
        ]
        assert fault.fix == "mend the cause, then go on with: mercato db upgrade"

    def test_somebody_else(self):
        """K306 where the lock is held."""
        assert somebody_else_migrates(LockHeldError("held")).code == "K306"

    def test_no_database(self):
        """K207 names the host."""
        engine = sa.create_engine("postgresql://shop:secret@127.0.0.1:1/shop")

        (fault,) = database_faults(engine, [])

        assert fault.code == "K207"
        assert "the database 127.0.0.1 cannot be asked: " in fault.what

    @pytest.mark.parametrize(
        "login",
        [
            "shop:hush-hush@127.0.0.1:1/shop",
            "shop@127.0.0.1:1/shop?password=hush-hush&connect_timeout=1",
            "shop@127.0.0.1:1/shop?sslmode=hush-hush",
        ],
    )
    def test_no_database_and_no_password(self, login):
        """K207 shows no part of a password, and nothing of what stands behind the ``?``."""
        engine = sa.create_engine(f"postgresql://{login}")

        (fault,) = database_faults(engine, [])

        assert fault.code == "K207"
        assert "hush" not in str(fault)

    def test_a_password_in_what_the_driver_says(self):
        """Each occurrence is masked, also a quoted one, and what an @ in it made a host."""
        url = sa.make_url("postgresql://shop:hu%2Fsh@ush@127.0.0.1/shop?sslpassword=psst")
        said = sa.exc.OperationalError("", {}, Exception("no: hu/sh, hu%2Fsh, psst, ush@127.0.0.1"))

        fault = unreachable(url, said)

        assert fault.what == (
            "the database 127.0.0.1 cannot be asked: no: ***, ***, ***, ***@127.0.0.1"
        )

    def test_asking_makes_no_file(self, tmp_path):
        """A SQLite file that is not there has no tables, and is not made by looking."""
        engine = sa.create_engine(f"sqlite:///{tmp_path}/shop.db")

        assert [fault.code for fault in database_faults(engine, [])] == ["K302"]
        assert not (tmp_path / "shop.db").exists()


class TestDifferences:
    def test_none(self, url):
        """Migrations that make what the models say differ in nothing."""
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
        """What a database has more or less than the models is named."""
        upgrade(url, [notes])
        with migration_engine(url) as engine, engine.begin() as connection:
            connection.execute(sa.text(change))

        (line,) = differences(url, histories([notes])[1])

        assert seen in line

    def test_sees_own_tables_only(self, url):
        """The tables of others are none of a feature's business."""
        upgrade(url, [notes])
        with migration_engine(url) as engine, engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE others_thing (id INTEGER PRIMARY KEY)"))

        assert differences(url, histories([notes])[1]) == []


class TestWriteRevision:
    def test_writes_the_first(self, tmp_path, url):
        """From nothing to the models, in a file that can be applied as it is."""
        feature = Feature(
            name="notes", summary="", metadata=notes.metadata, migrations=tmp_path / "versions"
        )

        written = write_revision(histories([feature])[1], "first tables")

        assert written == tmp_path / "versions" / "0001_first_tables.py"
        assert upgrade(url, [feature]) == [*KIT, Applied("notes", "0001")]
        assert differences(url, histories([feature])[1]) == []

    def test_writes_nothing_where_nothing_changed(self):
        """A history that says what the models say gets no empty revision."""
        assert write_revision(histories([notes])[1], "nothing") is None
