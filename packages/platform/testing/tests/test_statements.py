from threading import Thread

import pytest
import sqlalchemy as sa

from mercato_kit.leases import RENEWING_THREAD
from mercato_testing.statements import StatementCounter


@pytest.fixture
def engine():
    """An engine on an empty database in memory."""
    engine = sa.create_engine("sqlite://")
    yield engine
    engine.dispose()


class TestStatementCounter:
    def test_records_in_order(self, engine):
        """The statements are recorded in the order in which they were sent."""
        with StatementCounter(engine) as sent, engine.begin() as connection:
            connection.execute(sa.text("SELECT 1"))
            connection.execute(sa.text("SELECT 2"))

        assert sent.statements == ["SELECT 1", "SELECT 2"]

    @pytest.mark.parametrize(
        "statement", ["BEGIN IMMEDIATE", "commit", " ROLLBACK", "PRAGMA foreign_keys", "\nBEGIN"]
    )
    def test_ignores_transaction_control(self, engine, statement):
        """Transaction control and settings of SQLite do not count, even if code sends them."""
        with StatementCounter(engine) as sent, engine.connect() as connection:
            connection.connection.dbapi_connection.isolation_level = None
            if "BEGIN" not in statement:
                connection.connection.cursor().execute("BEGIN")
            connection.exec_driver_sql(statement)

        assert len(sent) == 0

    def test_counts_savepoints(self, engine):
        """A savepoint and its rollback count."""
        with StatementCounter(engine) as sent, engine.begin() as connection:
            connection.begin_nested().rollback()

        assert [statement.split()[0] for statement in sent] == ["SAVEPOINT", "ROLLBACK"]

    @pytest.mark.parametrize(("name", "count"), [("any other", 1), (RENEWING_THREAD, 0)])
    def test_ignores_renewals_of_leases(self, engine, name, count):
        """A lease that is renewed meanwhile does not count; what other threads send does."""

        def send():
            with engine.connect() as connection:
                connection.execute(sa.text("SELECT 1"))

        with StatementCounter(engine) as sent:
            thread = Thread(target=send, name=name)
            thread.start()
            thread.join()

        assert len(sent) == count

    def test_counts_many_rows_once(self, engine):
        """One statement with many rows counts once."""
        table = sa.Table("lamp", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))
        table.create(engine)

        with StatementCounter(engine) as sent, engine.begin() as connection:
            connection.execute(sa.insert(table), [{"id": 1}, {"id": 2}, {"id": 3}])

        assert len(sent) == 1

    def test_stops_when_closed(self, engine):
        """Statements before and after the block are not recorded."""
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 'before'"))
            with StatementCounter(engine) as sent:
                connection.execute(sa.text("SELECT 'inside'"))
            connection.execute(sa.text("SELECT 'after'"))

        assert sent.statements == ["SELECT 'inside'"]

    def test_records_one_engine(self, engine):
        """Statements of another engine are not recorded."""
        other = sa.create_engine("sqlite://")
        with StatementCounter(engine) as sent, other.connect() as connection:
            connection.execute(sa.text("SELECT 1"))

        other.dispose()
        assert len(sent) == 0

    def test_its_text_lists_the_statements(self, engine):
        """A failing test shows each statement on a numbered line."""
        with StatementCounter(engine) as sent, engine.connect() as connection:
            connection.execute(sa.text("SELECT 1\n    AS one"))
            connection.execute(sa.text("SELECT 2"))

        assert str(sent) == "2 SQL statements:\n  1. SELECT 1 AS one\n  2. SELECT 2"
