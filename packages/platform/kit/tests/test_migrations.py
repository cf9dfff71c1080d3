import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from mercato_kit import migrations, models, transactions
from mercato_kit.db import new_id
from mercato_kit.migrations import version_table, virtual_tables

from .demo import Note


class TestVersionTable:
    def test_is_named_after_the_feature(self):
        """Each history has its own version table, so features can be removed independently."""
        assert version_table("orders") == "orders_alembic_version"


class TestVirtualTables:
    def test_are_found_with_their_parts(self, empty_database):
        """SQLite's virtual tables are found, with the tables that SQLite keeps for them."""
        if empty_database.dialect.name == "postgresql":
            with empty_database.connect() as connection:
                assert virtual_tables(connection) == {}
            return
        with empty_database.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE notes_note (text TEXT)")
            connection.exec_driver_sql("CREATE VIRTUAL TABLE notes_text USING fts5 (words)")

            found = virtual_tables(connection)

        assert list(found) == ["notes_text"]
        assert {"notes_text", "notes_text_data", "notes_text_idx"} <= set(found["notes_text"])


class TestEnvironment:
    def test_ignores_virtual_tables(self, empty_database):
        """A virtual table, which is in no model, is no difference from the models."""
        with empty_database.begin() as connection:
            command.upgrade(_config(connection), "head")
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("CREATE VIRTUAL TABLE kit_text USING fts5 (words)")

            command.check(_config(connection))

    def test_creates_the_tables_of_the_models(self, empty_database):
        """The kit's migrations create what its models declare, including CHECKs."""
        with empty_database.begin() as connection:
            command.upgrade(_config(connection), "head")
        with empty_database.connect() as connection:
            context = MigrationContext.configure(
                connection,
                opts={
                    "include_name": lambda name, kind, _: kind != "table" or name in KIT_TABLES,
                    "compare_type": True,
                },
            )
            difference = compare_metadata(context, models.Base.metadata)

        assert difference == []

    def test_goes_up_and_down_and_up(self, empty_database):
        """Every revision can be downgraded and upgraded again."""
        for target in ("head", "base", "head"):
            with empty_database.begin() as connection:
                migrate = command.downgrade if target == "base" else command.upgrade
                migrate(_config(connection), target)

        tables = set(sa.inspect(empty_database).get_table_names())
        assert tables == {*KIT_TABLES, "kit_alembic_version"}

    def test_ignores_tables_of_other_features(self, empty_database):
        """A history neither sees nor drops the tables of other features."""
        Note.metadata.create_all(empty_database)

        with empty_database.begin() as connection:
            command.upgrade(_config(connection), "head")
            command.downgrade(_config(connection), "base")

        assert "notes_note" in sa.inspect(empty_database).get_table_names()

    def test_a_failure_leaves_nothing(self, empty_database, tmp_path):
        """All revisions of an upgrade run in one transaction, on SQLite too."""
        bodies = {"0001": "op.execute('CREATE TABLE bad_one (id INTEGER)')", "0002": "1 / 0"}
        for number, body in bodies.items():
            (tmp_path / f"{number}_step.py").write_text(_MIGRATION.format(number=number, body=body))

        with pytest.raises(ZeroDivisionError), empty_database.connect() as connection:
            command.upgrade(_config(connection, "bad", tmp_path), "head")

        assert sa.inspect(empty_database).get_table_names() == []


_MIGRATION = """
from alembic import op

revision = "{number}"
down_revision = "0001" if revision == "0002" else None

def upgrade():
    {body}
"""
KIT_TABLES = set(models.Base.metadata.tables)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request, tmp_path):
    """An engine of an empty database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        url = request.getfixturevalue("postgresql_server").create_database(str(new_id()))
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    transactions.prepare(engine)
    return engine


def _config(connection, feature="kit", versions=migrations.KIT_VERSIONS):
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(versions))
    config.attributes.update(connection=connection, feature=feature, metadata=models.Base.metadata)
    return config
