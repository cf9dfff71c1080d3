"""The checks of migrations."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from mercato_testing.conformance import histories
from mercato_testing.samples.notes import feature

from .faulty import table, with_tables


class TestTablesWithoutMigrations:
    def test_finds_them(self):
        """Tables without migrations are found."""
        assert list(histories.tables_without_migrations(feature)) == []
        assert list(histories.tables_without_migrations(with_tables(table("notes_a")))) != []


@pytest.fixture
def versions(tmp_path):
    """A copy of the feature's migrations that a test can change."""
    return Path(shutil.copytree(feature.migrations, tmp_path / "versions"))


def changed(versions, file, old, new):
    """Change a migration, and return the feature that has it."""
    path = versions / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    return dataclasses.replace(feature, migrations=versions)


class TestBrokenHistory:
    def test_accepts_one_history(self):
        """One head, and files named after their revisions, are accepted."""
        assert list(histories.broken_history(feature)) == []

    def test_finds_two_heads(self, versions):
        """Two migrations that follow the same one are found."""
        shutil.copy(versions / "0002_effects.py", versions / "0003_fork.py")
        made = changed(versions, "0003_fork.py", 'revision = "0002"', 'revision = "0003"')

        assert any("heads" in line for line in histories.broken_history(made))

    def test_finds_a_misnamed_file(self, versions):
        """A file whose name does not start with its revision is found."""
        (versions / "0002_effects.py").rename(versions / "0007_effects.py")
        made = dataclasses.replace(feature, migrations=versions)

        assert any("0007_effects.py" in line for line in histories.broken_history(made))


class TestUnknownPhases:
    def test_accepts_known_phases(self, versions):
        """A migration without a phase expands; `contract` is accepted too."""
        made = changed(
            versions, "0002_effects.py", "branch_labels", 'phase = "contract"\nbranch_labels'
        )

        assert list(histories.unknown_phases(made)) == []

    def test_finds_any_other(self, versions):
        """An unknown phase is found."""
        made = changed(
            versions, "0002_effects.py", "branch_labels", 'phase = "contrcat"\nbranch_labels'
        )

        assert any("'contrcat'" in line for line in histories.unknown_phases(made))


@pytest.fixture(params=["sqlite", "postgresql"])
def two_urls(request, empty_database):
    """Two empty databases of each kind."""
    return empty_database(request.param), empty_database(request.param)


class TestDifferencesFromModels:
    def test_accepts_equal(self, two_urls):
        """Migrations that match the models are accepted."""
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
        """A difference between a migration and its model is found on both databases."""
        made = changed(versions, file, old, new)

        assert list(histories.differences_from_models(made, *two_urls)) != []

    def test_finds_another_condition(self, versions, empty_database):
        """A CHECK of the same name with another condition is found on PostgreSQL."""
        made = changed(versions, "0001_initial.py", "BETWEEN 0 AND 5", "BETWEEN 0 AND 9")
        urls = empty_database("postgresql"), empty_database("postgresql")

        assert any(
            "AND" in line or "9" in line for line in histories.differences_from_models(made, *urls)
        )


class TestOneWayMigrations:
    def test_accepts_a_complete_downgrade(self, two_urls):
        """A downgrade that removes everything, and a second upgrade, are accepted."""
        assert list(histories.one_way_migrations(feature, two_urls[0])) == []

    def test_finds_what_stays(self, versions, two_urls):
        """A table that a downgrade does not drop is found."""
        made = changed(versions, "0001_initial.py", 'op.drop_table("notes_note")', "pass")

        (found,) = histories.one_way_migrations(made, two_urls[0])

        assert found == "table notes_note still exists after the downgrade"
