"""Migrations: one line, named, there and back, and equal to the models on both databases."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from mercato_testing.conformance import histories
from mercato_testing.samples.notes import feature

from .faulty import table
from .faulty import with_tables


class TestTablesWithoutMigrations:
    def test_finds_them(self):
        """Tables need a history."""
        assert list(histories.tables_without_migrations(feature)) == []
        assert list(histories.tables_without_migrations(with_tables(table("notes_a")))) != []


@pytest.fixture
def versions(tmp_path):
    """A copy of the feature's migrations, to be spoilt."""
    return Path(shutil.copytree(feature.migrations, tmp_path / "versions"))


def spoilt(versions, file, old, new):
    """Change a migration, and return the feature that has it."""
    path = versions / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    return dataclasses.replace(feature, migrations=versions)


class TestBrokenHistory:
    def test_passes_one_line(self):
        """One head, and files named after their revisions."""
        assert list(histories.broken_history(feature)) == []

    def test_finds_two_heads(self, versions):
        """Two migrations that follow the same one are a fork."""
        shutil.copy(versions / "0002_effects.py", versions / "0003_fork.py")
        made = spoilt(versions, "0003_fork.py", 'revision = "0002"', 'revision = "0003"')

        assert any("heads" in line for line in histories.broken_history(made))

    def test_finds_a_misnamed_file(self, versions):
        """The number of the file is the revision, or the host reads the wrong head."""
        (versions / "0002_effects.py").rename(versions / "0007_effects.py")
        made = dataclasses.replace(feature, migrations=versions)

        assert any("0007_effects.py" in line for line in histories.broken_history(made))


class TestUnknownPhases:
    def test_passes_the_two_that_there_are(self, versions):
        """A migration that says nothing expands; it may also contract."""
        made = spoilt(
            versions, "0002_effects.py", "branch_labels", 'phase = "contract"\nbranch_labels'
        )

        assert list(histories.unknown_phases(made)) == []

    def test_finds_any_other(self, versions):
        """A word that nobody knows is a slip of the pen."""
        made = spoilt(
            versions, "0002_effects.py", "branch_labels", 'phase = "contrcat"\nbranch_labels'
        )

        assert any("'contrcat'" in line for line in histories.unknown_phases(made))


@pytest.fixture(params=["sqlite", "postgresql"])
def two_urls(request, empty_database):
    """Two empty databases of each kind."""
    return empty_database(request.param), empty_database(request.param)


class TestDifferencesFromModels:
    def test_passes_equal(self, two_urls):
        """Migrations that make what the models say."""
        assert list(histories.differences_from_models(feature, *two_urls)) == []

    @pytest.mark.parametrize(
        ("file", "old", "new"),
        [
            (
                "0001_initial.py",
                'sa.Column("stars", sa.Integer, nullable=False),',
                'sa.Column("stars", sa.Integer),',
            ),
            ("0001_initial.py", "sa.String(200)", "sa.String(100)"),
            (
                "0001_initial.py",
                'sa.UniqueConstraint("text", name=op.f("uq_notes_note_text")),',
                "",
            ),
            ("0001_initial.py", "ck_notes_note_stars_in_range", "ck_notes_note_other"),
            ("0002_effects.py", 'sa.Column("process", sa.Integer, nullable=False),', ""),
        ],
        ids=["nullable", "length", "unique key", "check", "column"],
    )
    def test_finds_a_difference(self, versions, two_urls, file, old, new):
        """Whatever a migration makes otherwise than its model is found on both databases."""
        made = spoilt(versions, file, old, new)

        assert list(histories.differences_from_models(made, *two_urls)) != []

    def test_finds_another_condition(self, versions, empty_database):
        """A CHECK of the same name with another condition is found where the database tells."""
        made = spoilt(versions, "0001_initial.py", "BETWEEN 0 AND 5", "BETWEEN 0 AND 9")
        urls = empty_database("postgresql"), empty_database("postgresql")

        assert any(
            "AND" in line or "9" in line for line in histories.differences_from_models(made, *urls)
        )


class TestOneWayMigrations:
    def test_passes_there_and_back(self, two_urls):
        """Down leaves nothing, and up works again."""
        assert list(histories.one_way_migrations(feature, two_urls[0])) == []

    def test_finds_what_stays(self, versions, two_urls):
        """A table that a downgrade forgets is found."""
        made = spoilt(versions, "0001_initial.py", 'op.drop_table("notes_note")', "pass")

        (found,) = histories.one_way_migrations(made, two_urls[0])

        assert found == "table notes_note is still there after the downgrade"
