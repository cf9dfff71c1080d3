import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from mercato_kit.driver import send
from mercato_testing.plans import Plans

LAMP = sa.Table(
    "lamp",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(20)),
)


@pytest.fixture
def engine(url):
    """An engine on a database with a table of lamps."""
    engine = sa.create_engine(url, poolclass=NullPool)
    LAMP.create(engine)
    return engine


class TestPlans:
    def test_finds_what_reads_a_whole_table(self, engine):
        """A SELECT and an UPDATE that no index serves are found."""
        named = LAMP.c.name == "a"
        with Plans(engine) as sent, engine.begin() as connection:
            connection.execute(sa.select(LAMP).where(named))
            connection.execute(sa.update(LAMP).where(named).values(name="b"))

        assert [plan.split(maxsplit=1)[0] for plan in sent.scans()] == ["SELECT", "UPDATE"]
        assert sent.sorts() == []

    def test_finds_what_sorts_before_it_limits(self, engine):
        """A page whose order no index has is found."""
        page = sa.select(LAMP).where(LAMP.c.id > 1).order_by(LAMP.c.name).limit(1)
        with Plans(engine) as sent, engine.begin() as connection:
            connection.execute(page)

        assert len(sent.sorts()) == 1

    def test_finds_what_the_driver_sends(self, engine):
        """A statement through the driver's cursor is explained without its parameters."""
        text = "SELECT id FROM lamp WHERE name = $1"
        if engine.dialect.name == "sqlite":
            text = text.replace("$1", "?")
        with Plans(engine) as sent, engine.begin() as connection:
            send(connection, text, ["a"])

        assert len(sent.scans()) == 1

    def test_passes_what_an_index_serves(self, engine):
        """Rows by key, pages in the order of the key and INSERTs are not found."""
        with Plans(engine) as sent, engine.begin() as connection:
            connection.execute(sa.insert(LAMP), [{"id": 1}, {"id": 2}])
            connection.execute(sa.select(LAMP).where(LAMP.c.id == 1))
            connection.execute(sa.select(LAMP).where(LAMP.c.id > 1).order_by(LAMP.c.id).limit(1))

        assert len(sent.plans) == 3
        assert (sent.scans(), sent.sorts()) == ([], [])
