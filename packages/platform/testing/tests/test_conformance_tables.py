"""The checks of tables."""

import sqlalchemy as sa

from mercato_kit.feature import Feature
from mercato_testing.conformance import tables
from mercato_testing.samples.notes import feature

from .faulty import table, with_tables


class TestForeignTables:
    def test_accepts_own(self):
        """Tables that start with the feature's name are accepted."""
        assert list(tables.foreign_tables(feature)) == []

    def test_finds_others(self):
        """A table with another name is found."""
        (found,) = tables.foreign_tables(with_tables(table("note")))

        assert found == "table note: its name must start with notes_"


class TestLeavingForeignKeys:
    def test_accepts_own(self):
        """A foreign key to an own table is accepted."""
        key = sa.Column("other_id", sa.ForeignKey("notes_a.id"))

        assert (
            list(tables.leaving_foreign_keys(with_tables(table("notes_a"), table("notes_b", key))))
            == []
        )

    def test_finds_one_by_name(self):
        """A foreign key to a table of another feature is found."""
        key = sa.Column("user_id", sa.ForeignKey("users_user.id"))

        (found,) = tables.leaving_foreign_keys(with_tables(table("notes_a", key)))

        assert "notes_a.user_id refers to users_user" in found

    def test_finds_one_by_column(self):
        """A foreign key to a column of another feature's model is found."""
        other = sa.Table("users_user", sa.MetaData(), sa.Column("id", sa.Uuid, primary_key=True))
        key = sa.Column("user_id", sa.ForeignKey(other.c.id))

        (found,) = tables.leaving_foreign_keys(with_tables(table("notes_a", key)))

        assert "users_user" in found


class TestUnclassifiedColumns:
    def test_accepts_what_is_classified(self):
        """A feature that says what becomes of each column is accepted."""
        assert list(tables.unclassified_columns(feature)) == []

    def test_finds_a_new_column(self):
        """A column with text that the manifest does not name is found."""
        text = sa.Column("text", sa.String(20))

        (found,) = tables.unclassified_columns(with_tables(table("notes_a", text)))

        assert found.startswith("notes_a.text: add it to the columns of PERSONAL_DATA")


class TestUnnamedConstraints:
    def test_accepts_named(self):
        """Constraints that the naming convention names are accepted."""
        assert list(tables.unnamed_constraints(feature)) == []

    def test_finds_all_without_a_convention(self):
        """Constraints without names, as in plain MetaData, are found."""
        metadata = sa.MetaData()
        table("notes_a", sa.Column("n", sa.Integer, unique=True))(metadata)
        made = Feature(name="notes", summary="", metadata=metadata)

        assert len(list(tables.unnamed_constraints(made))) == 2
