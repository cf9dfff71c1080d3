import re
import time

import pytest

from .killing import killed_at
from .lending import ADD_YEAR, LOANS_TABLES


@pytest.fixture
def library(new_library):
    """A library without tables."""
    return new_library


class TestUnknownTables:
    """K304: tables that exist without a revision."""

    @pytest.mark.provokes("K304")
    def test_are_not_touched(self, library):
        """`check` and `upgrade` refuse them, and record no revision."""
        library.mercato("db", "upgrade")
        library.execute("DROP TABLE loans_alembic_version")

        refused, checked = library.mercato("db", "upgrade"), library.mercato("check")

        for result in (refused, checked):
            assert result.exit_code == 2
            assert "error[K304] mercato-loans 2.0 ('loans')" in result.stderr
            assert "tables: loans_loan\n    missing tables: none" in result.stderr
            assert " db adopt loans\n" in result.stderr
        assert "loans_alembic_version" not in library.tables()

    def test_are_adopted_if_they_match(self, library):
        """Tables that match the newest migration get its revision."""
        library.mercato("db", "upgrade")
        library.execute("DROP TABLE loans_alembic_version")

        adopted = library.mercato("db", "adopt", "loans")

        assert (adopted.exit_code, adopted.stdout) == (0, "loans 0001\n")
        assert library.mercato("db", "check").exit_code == 0

    def test_are_not_adopted_if_they_differ(self, library):
        """The fault names the differences, and no revision is recorded."""
        library.mercato("db", "upgrade")
        library.execute("DROP TABLE loans_alembic_version", "ALTER TABLE loans_loan ADD due DATE")

        refused = library.mercato("db", "adopt", "loans")

        assert (refused.exit_code, "error[K304]" in refused.stderr) == (2, True)
        assert "loans_loan.due: the column is in the database, but in no model" in refused.stderr
        assert "loans_alembic_version" not in library.tables()

    def test_are_not_adopted_if_they_have_a_revision(self, library):
        """`mercato db adopt` refuses a feature whose tables have a revision."""
        library.mercato("db", "upgrade")

        refused = library.mercato("db", "adopt", "loans")

        assert (refused.exit_code, "nothing to adopt" in refused.stderr) == (64, True)


class TestPrerequisites:
    """K307: a migration that requires one of another feature."""

    def test_are_met_first(self, library):
        """A required migration is applied first, whatever the order of the features."""
        library.mercato("db", "upgrade")
        library.migration("loans", "0002", "pass", requires={"shelf": "0002"})
        library.migration("shelf", "0002", ADD_YEAR)
        library.choose("loans", "shelf")

        upgraded = library.mercato("db", "upgrade")

        assert upgraded.stdout.splitlines() == ["shelf 0002", "loans 0002", "2 applied."]

    @pytest.mark.provokes("K307")
    def test_are_refused_if_nothing_brings_them(self, library):
        """If a requirement cannot be met, no migration of any feature is applied."""
        library.mercato("db", "upgrade")
        library.migration("loans", "0002", "pass", requires={"shelf": "0003"})
        library.migration("shelf", "0002", ADD_YEAR)

        refused = library.mercato("db", "upgrade")

        assert (refused.exit_code, "error[K307]" in refused.stderr) == (2, True)
        assert "loans 0002 requires shelf 0003; the database has shelf 0001" in refused.stderr
        assert library.execute("SELECT version_num FROM shelf_alembic_version") == [("0001",)]

    def test_of_a_feature_without_tables_are_ignored(self, library):
        """A requirement of a feature that has no tables here is ignored."""
        library.migration("loans", "0001", LOANS_TABLES, requires={"museum": "0009"})

        assert library.mercato("db", "upgrade").exit_code == 0


class TestTwoHeads:
    """K308: two migrations that are both the newest."""

    @pytest.mark.provokes("K308")
    def test_are_refused_with_both_files(self, library):
        """The fault names both files and the command that puts one after the other."""
        library.migration("shelf", "0002", ADD_YEAR)
        versions = library.folder / "shelf_versions"
        (versions / "0002_the other.py").write_text((versions / "0002_step.py").read_text())

        refused, checked = library.mercato("db", "upgrade"), library.mercato("check")

        for result in (refused, checked):
            assert (result.exit_code, "error[K308]" in result.stderr) == (2, True)
            assert f"{versions}/0002_step.py\n    {versions}/0002_the other.py" in result.stderr
            moved = f"mv '{versions}/0002_the other.py' '{versions}/0003_the other.py'"
            assert moved in result.stderr
        assert library.tables() == []


class TestDrift:
    """K309: tables that were changed by hand."""

    @pytest.mark.provokes("K309")
    @pytest.mark.parametrize(
        ("change", "severity", "line"),
        [
            (
                "ALTER TABLE loans_loan ADD due DATE",
                "warning",
                "loans_loan.due: the column is in the database",
            ),
            (
                "DROP TABLE shelf_page",
                "error",
                "shelf_page: the table is in the models, but not in the",
            ),
        ],
    )
    def test_fails_the_check(self, library, change, severity, line):
        """`mercato db check` names what differs; `mercato check` accepts what only is too much."""
        library.mercato("db", "upgrade")
        sound = library.mercato("db", "check")
        library.execute(change)

        drifted, checked = library.mercato("db", "check"), library.mercato("check")

        assert (sound.exit_code, drifted.exit_code) == (0, 2)
        assert f"{severity}[K309]" in drifted.stderr
        assert f"{severity}[K309]" in checked.output
        assert line in drifted.stderr

    def test_is_in_a_document(self, library):
        """`db check --json` has each feature's revision, and the faults of those that differ."""
        library.mercato("db", "upgrade")
        library.execute("DROP TABLE shelf_page")

        found = library.document("db", "check")

        shelf = next(row for row in found["tables"] if row["feature"] == "shelf")
        assert (shelf["revision"], shelf["head"]) == ("0001", "0001")
        assert [fault["key"] for fault in found["faults"]] == ["K309@shelf"]


class TestHeldLock:
    """K306: another process migrates."""

    @pytest.mark.provokes("K306")
    def test_is_refused_with_process_and_machine(self, library):
        """A second process that does not wait reports who holds the lock, and since when."""
        library.migration("shelf", "0002", "import time; time.sleep(30)")
        first = library.process("db", "upgrade")
        wait_until(lambda: "kit 0001" in first.stdout.readline())

        refused = library.mercato("db", "upgrade", "--wait", "0")
        first.kill()
        first.communicate()
        library.migration("shelf", "0002", ADD_YEAR)
        upgraded = library.mercato("db", "upgrade", "--wait", "20")

        assert (refused.exit_code, "error[K306] database" in refused.stderr) == (2, True)
        holder = rf"lock, held by process {first.pid} on \S+, since [0-9-]+ [0-9:]+Z"
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
    def test_can_be_resumed(self, library, statement):
        """After SIGKILL the same command completes the upgrade, and the tables are correct."""
        killed_at(library, statement, "db", "upgrade")

        upgraded = library.mercato("db", "upgrade")

        assert upgraded.exit_code == 0, upgraded.stderr
        assert library.mercato("db", "check").exit_code == 0

    def test_keeps_the_rows(self, library):
        """A migration that is killed while it changes rows has changed none."""
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
    """Wait until a condition is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
