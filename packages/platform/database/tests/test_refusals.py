import re
import time

import pytest

from .killing import killed_at
from .lending import ADD_YEAR
from .lending import LOANS_TABLES
from .lending import Library


@pytest.fixture
def library(tmp_path, monkeypatch, url):
    """A library whose tables are not made yet."""
    monkeypatch.syspath_prepend(tmp_path)
    return Library(tmp_path, url)


class TestUnknownTables:
    """K304: tables that exist without a revision."""

    @pytest.mark.provokes("K304")
    def test_are_not_touched(self, library):
        """Neither check nor upgrade guesses which revision they are at; nothing is stamped."""
        library.mercato("db", "upgrade")
        library.execute("DROP TABLE loans_alembic_version")

        refused, checked = library.mercato("db", "upgrade"), library.mercato("check")

        for told in (refused, checked):
            assert told.exit_code == 2
            assert "error[K304] mercato-loans 2.0 ('loans')" in told.stderr
            assert "tables: loans_loan\n    of its models, absent: none" in told.stderr
            assert "mercato db adopt loans" in told.stderr
        assert "loans_alembic_version" not in library.tables()

    def test_are_adopted_if_they_are_ours(self, library):
        """Tables that are exactly what the newest migration makes get its revision."""
        library.mercato("db", "upgrade")
        library.execute("DROP TABLE loans_alembic_version")

        adopted = library.mercato("db", "adopt", "loans")

        assert (adopted.exit_code, adopted.stdout) == (0, "loans 0001\n")
        assert library.mercato("db", "check").exit_code == 0

    def test_are_not_adopted_if_they_are_not(self, library):
        """What differs is named, and nothing is written."""
        library.mercato("db", "upgrade")
        library.execute("DROP TABLE loans_alembic_version", "ALTER TABLE loans_loan ADD due DATE")

        refused = library.mercato("db", "adopt", "loans")

        assert (refused.exit_code, "error[K304]" in refused.stderr) == (2, True)
        assert "loans_loan.due: the column is in the database, and in no model" in refused.stderr
        assert "loans_alembic_version" not in library.tables()

    def test_there_is_nothing_to_adopt_where_all_is_known(self, library):
        """A feature with a revision is refused."""
        library.mercato("db", "upgrade")

        refused = library.mercato("db", "adopt", "loans")

        assert (refused.exit_code, "nothing to adopt" in refused.stderr) == (2, True)


class TestPrerequisites:
    """K307: a migration that waits for one of another feature."""

    def test_are_met_first(self, library):
        """Whoever is waited for goes first, whatever the order of the features."""
        library.mercato("db", "upgrade")
        library.migration("loans", "0002", "pass", requires={"shelf": "0002"})
        library.migration("shelf", "0002", ADD_YEAR)
        library.choose("loans", "shelf")

        upgraded = library.mercato("db", "upgrade")

        assert upgraded.stdout.splitlines() == ["shelf 0002", "loans 0002", "2 applied."]

    @pytest.mark.provokes("K307")
    def test_are_refused_if_nothing_brings_them(self, library):
        """Nothing at all is applied, also of features that wait for nobody."""
        library.mercato("db", "upgrade")
        library.migration("loans", "0002", "pass", requires={"shelf": "0003"})
        library.migration("shelf", "0002", ADD_YEAR)

        refused = library.mercato("db", "upgrade")

        assert (refused.exit_code, "error[K307]" in refused.stderr) == (2, True)
        assert "loans 0002 waits for shelf 0003; database has shelf 0001" in refused.stderr
        assert library.execute("SELECT version_num FROM shelf_alembic_version") == [("0001",)]

    def test_are_none_of_a_feature_that_was_never_here(self, library):
        """Where nobody has such tables there is nothing to wait for."""
        library.migration("loans", "0001", LOANS_TABLES, requires={"museum": "0009"})

        assert library.mercato("db", "upgrade").exit_code == 0


class TestTwoHeads:
    """K308: two migrations that would each be the newest."""

    @pytest.mark.provokes("K308")
    def test_are_refused_with_both_files(self, library):
        """Both files, and the command that puts one behind the other."""
        library.migration("shelf", "0002", ADD_YEAR)
        versions = library.folder / "shelf_versions"
        (versions / "0002_other.py").write_text((versions / "0002_step.py").read_text())

        refused, checked = library.mercato("db", "upgrade"), library.mercato("check")

        for told in (refused, checked):
            assert (told.exit_code, "error[K308]" in told.stderr) == (2, True)
            assert f"{versions}/0002_other.py\n    {versions}/0002_step.py" in told.stderr
            assert f"mv {versions}/0002_step.py {versions}/0003_step.py" in told.stderr
        assert library.tables() == []


class TestDrift:
    """K309: tables that somebody changed by hand."""

    @pytest.mark.provokes("K309")
    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (
                "ALTER TABLE loans_loan ADD due DATE",
                "loans_loan.due: the column is in the database",
            ),
            ("DROP TABLE shelf_page", "shelf_page: the table is in the models, and not in the"),
        ],
    )
    def test_fails_the_check(self, library, change, told):
        """The difference is named by table and column."""
        library.mercato("db", "upgrade")
        sound = library.mercato("db", "check")
        library.execute(change)

        drifted = library.mercato("db", "check")

        assert (sound.exit_code, drifted.exit_code) == (0, 2)
        assert "error[K309]" in drifted.stderr
        assert told in drifted.stderr


class TestHeldLock:
    """K306: somebody else migrates."""

    @pytest.mark.provokes("K306")
    def test_is_told_by_process_and_machine(self, library):
        """Who comes second and does not wait is told by whom the lock is held, and since when."""
        library.migration("shelf", "0002", "import time; time.sleep(30)")
        first = library.process("db", "upgrade")
        wait_until(lambda: "kit 0001" in first.stdout.readline())

        refused = library.mercato("db", "upgrade", "--wait", "0")
        first.kill()
        first.communicate()
        library.migration("shelf", "0002", ADD_YEAR)
        upgraded = library.mercato("db", "upgrade", "--wait", "20")

        assert (refused.exit_code, "error[K306] database" in refused.stderr) == (2, True)
        holder = rf"process {first.pid} on \S+, since [0-9-]+ [0-9:]+Z migrates this database"
        assert re.search(holder, refused.stderr), refused.stderr
        assert upgraded.exit_code == 0, upgraded.stderr


class TestKilledUpgrade:
    @pytest.mark.parametrize(
        "statement",
        [
            "CREATE TABLE kit_inbox",
            "INSERT INTO kit_ledger",
            "CREATE TABLE shelf_page",
            "INSERT INTO shelf_alembic_version",
        ],
    )
    def test_goes_on_where_it_stopped(self, library, statement):
        """After SIGKILL in the middle the same command ends well, and nothing is left half."""
        killed_at(library, statement, "db", "upgrade")

        upgraded = library.mercato("db", "upgrade")

        assert upgraded.exit_code == 0, upgraded.stderr
        assert library.mercato("db", "check").exit_code == 0

    def test_keeps_the_rows(self, library):
        """A migration that dies while it moves data has moved none of it."""
        library.mercato("db", "upgrade")
        library.fill()
        library.migration(
            "shelf", "0002", 'op.execute("UPDATE shelf_book SET title = upper(title)")'
        )

        killed_at(library, "UPDATE shelf_book", "db", "upgrade")

        titles = "SELECT title FROM shelf_book WHERE title <> ''"
        assert library.execute(titles) == [("Emma",)]
        assert library.mercato("db", "upgrade").exit_code == 0
        assert library.execute(titles) == [("EMMA",)]


def wait_until(condition, seconds=30):
    """Wait for something to become so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
