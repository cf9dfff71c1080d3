"""The statements that the SQL guard refuses, and those that it allows."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from mercato_composition.commands.features import commands_of
from mercato_kit import work
from mercato_kit.db import new_id, session
from mercato_kit.events import Event
from mercato_kit.feature import Offer
from mercato_kit.models import InboxDelivery, OutboxEvent
from mercato_kit.outbox import publish
from mercato_runtime.guard import ForeignTableError


@pytest.fixture
def feature(baskets):
    """The feature under test."""
    return baskets.feature


@pytest.fixture
def fakes(wares):
    """The real feature that it needs."""
    return [wares.feature]


@pytest.fixture
def rows(commit, wares, baskets):
    """Add a lamp, and return a function that reads both tables."""
    commit(lambda: session.add(wares.Ware(name="lamp")))

    def read_all(model):
        return [tuple(row) for row in session.execute(sa.select(model.__table__))]

    def read():
        return [commit(read_all, model) for model in (wares.Ware, baskets.Line)]

    return read


UNTOUCHED = [[("lamp", 10)], []]

CROSSINGS = {
    "select": lambda ware, line: sa.select(ware),
    "join": lambda ware, line: sa.select(line).join(ware, ware.name == line.ware),
    "subquery": lambda ware, line: sa.select(line).where(line.ware.in_(sa.select(ware.name))),
    "exists": lambda ware, line: sa.select(sa.exists().where(ware.name == "lamp")),
    "cte": lambda ware, line: sa.select(sa.select(ware.units).cte("mine")),
    "alias": lambda ware, line: sa.select(sa.orm.aliased(ware, name="a")),
    "union": lambda ware, line: sa.union(sa.select(line.ware), sa.select(ware.name)),
    "insert": lambda ware, line: sa.insert(ware).values(name="vase", units=1),
    "insert from select": lambda ware, line: sa.insert(line).from_select(
        ["ware", "left"], sa.select(ware.name, ware.units)
    ),
    "update": lambda ware, line: sa.update(ware).values(units=0),
    "update from": lambda ware, line: (
        sa.update(line).where(line.ware == ware.name).values(left=ware.units)
    ),
    "delete": lambda ware, line: sa.delete(ware),
    "text": lambda ware, line: sa.text("DELETE FROM wares_ware"),
    "upper case": lambda ware, line: sa.text("DELETE FROM WARES_WARE"),
    "quoted": lambda ware, line: sa.text('DELETE FROM "wares_ware"'),
    "behind a comment": lambda ware, line: sa.text("DELETE/* no */FROM/**/wares_ware -- hm"),
    "in a text's CTE": lambda ware, line: sa.text(
        "WITH w AS (SELECT units FROM wares_ware) SELECT units FROM w"
    ),
    "definition": lambda ware, line: sa.text("DROP TABLE wares_ware"),
}


class TestRefuses:
    @pytest.mark.parametrize("crossing", CROSSINGS.values(), ids=CROSSINGS)
    def test_a_statement_on_another_table(self, crossing, commit, rows, baskets, wares):
        """A statement that names another feature's table is refused before it runs."""
        statement = crossing(wares.Ware, baskets.Line)

        with pytest.raises(ForeignTableError, match=r"uses wares_ware, a table of 'wares'"):
            commit(baskets.send, statement)

        assert rows() == UNTOUCHED

    def test_sql_for_the_driver(self, commit, rows, baskets):
        """SQL text for the driver is checked too."""
        with pytest.raises(ForeignTableError):
            commit(baskets.send_to_driver, "DELETE FROM wares_ware")

        assert rows() == UNTOUCHED

    @pytest.mark.parametrize("how_many", [2, 2000])
    def test_many_rows(self, how_many, commit, rows, baskets, wares):
        """A statement with many rows is refused too."""
        new = [{"name": str(number), "units": 1} for number in range(how_many)]

        with pytest.raises(ForeignTableError):
            commit(baskets.send, sa.insert(wares.Ware).returning(wares.Ware.name), new)
        with pytest.raises(ForeignTableError):
            commit(baskets.send, sa.insert(wares.Ware).values(new))

        assert rows() == UNTOUCHED

    @pytest.mark.provokes("K420")
    def test_and_rolls_back_the_request(self, client, rows, caplog):
        """After a refused statement the request is rolled back, and its log has K420."""
        answer = client.post("/v1/baskets/lamp/theft")

        assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
        assert "K420" in caplog.text
        assert rows() == UNTOUCHED

    def test_what_the_kit_sends_for_a_feature(self, commit, rows, baskets, wares):
        """A statement that a feature passes to the kit counts as the feature's."""
        with pytest.raises(ForeignTableError, match=r"mercato_baskets.__init__\.py:\d+"):
            commit(baskets.list_page, sa.select(wares.Ware), wares.Ware.name)

    def test_what_a_view_reads(self, app, baskets, wares):
        """A read of a view is checked although SQLAlchemy does not send it."""
        with app.app_context():
            assert baskets.read(sa.select(baskets.Line.ware)) == []
            with pytest.raises(ForeignTableError, match=r"mercato_baskets.__init__\.py:\d+"):
                baskets.read(sa.select(wares.Ware.name))

    @pytest.mark.parametrize(
        "statement",
        [
            sa.select(OutboxEvent),
            sa.delete(InboxDelivery),
            sa.text("SELECT * FROM kit_idempotency"),
            sa.text("DELETE FROM kit_alembic_version"),
        ],
    )
    def test_the_tables_of_the_kit(self, statement, commit, baskets):
        """A feature must not use the kit's tables."""
        with pytest.raises(ForeignTableError, match=r"a table of mercato-kit"):
            commit(baskets.send, statement)

    def test_the_tables_of_the_kit_through_the_kit(self, commit, baskets):
        """A feature must not pass a statement on the kit's tables to the kit."""
        with pytest.raises(ForeignTableError, match="kit_outbox"):
            commit(baskets.list_page, sa.select(OutboxEvent), OutboxEvent.id)

    def test_jobs(self, app, run_worker, rows):
        """A job with a refused statement fails; other jobs run."""
        done = run_worker()

        assert done.failed == 1
        assert rows() == UNTOUCHED

    @pytest.mark.provokes("K420")
    def test_handlers(self, commit, run_worker, rows):
        """A handler with a refused statement fails, and the delivery records K420."""
        event = {"topic": "ware.gone", "aggregate_type": "ware", "aggregate_version": 1}
        commit(publish, Event(aggregate_id=new_id(), **event))

        run_worker()

        error = commit(lambda: session.scalar(sa.select(InboxDelivery.last_error)))
        assert error.startswith("ForeignTableError: error[K420]")
        assert rows() == UNTOUCHED

    def test_commands(self, app, rows, feature):
        """A command with a refused statement fails."""
        group = commands_of(feature, feature.name, lambda: app)

        ran = CliRunner().invoke(group, ["grab"])

        assert isinstance(ran.exception, ForeignTableError)
        assert rows() == UNTOUCHED

    def test_in_every_thread(self, app, rows, baskets):
        """Concurrent threads do not influence each other."""

        def work_in_thread(number):
            with app.app_context():
                if number % 2:
                    return work.run(lambda: baskets.send(sa.select(baskets.Line)).all())
                with pytest.raises(ForeignTableError):
                    work.run(lambda: baskets.send(sa.text("SELECT * FROM wares_ware")))
                return None

        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(work_in_thread, range(40)))

        assert answers == [None, []] * 20


class TestAllows:
    def test_calls_of_a_contract(self, client, rows):
        """A provider may use its own tables when another feature calls it."""
        headers = {"Idempotency-Key": str(new_id())}

        answer = client.post("/v1/baskets/lamp", headers=headers)
        again = client.post("/v1/baskets/lamp", headers=headers)

        assert (answer.status_code, answer.json) == (201, {"left": 9})
        assert again.headers["Idempotency-Replayed"] == "true"
        assert rows() == [[("lamp", 9)], [("lamp", 9)]]

    def test_flushes_of_other_features_objects(self, commit, rows, baskets):
        """A feature's SELECT may flush objects that another feature added to the session."""
        commit(baskets.look_after_announcement, "vase")

        assert rows()[0] == [("lamp", 10), ("vase", 10)]

    def test_rows_of_several_features_that_are_written_together(self, app, rows, baskets):
        """The rows that features write at the end of a unit of work may be one statement."""
        with app.app_context():
            baskets.record_both("vase")

        assert rows() == [[("lamp", 10), ("vase", 10)], [("vase", 1)]]

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT 'wares_ware'",
            "SELECT 'it''s wares_ware' AS text",
            "SELECT 1 -- wares_ware",
            "SELECT 1 /* wares_ware */",
            "SELECT 1 AS wares_ware_units",
            "SELECT 1 AS my_wares_ware",
            "SELECT ware FROM baskets_line WHERE ware = 'FROM wares_ware'",
        ],
    )
    def test_words_that_are_not_tables(self, statement, commit, baskets):
        """Strings, comments and longer names do not count as tables."""
        commit(baskets.send, sa.text(statement))

    def test_parameters(self, commit, baskets):
        """The value of a parameter does not count as a table."""
        query = sa.select(baskets.Line).where(baskets.Line.ware == "wares_ware")

        assert commit(lambda: baskets.send(query).all()) == []

    def test_long_lists_of_own_rows(self, commit, baskets, rows):
        """A feature may write many of its own rows in one statement."""
        new = [{"ware": f"{number:04}", "left": 1} for number in range(1000)]

        commit(baskets.send, sa.insert(baskets.Line), new)

        assert len(rows()[1]) == 1000

    def test_events(self, commit, outbox, baskets):
        """A feature may publish events, which the kit writes to its tables."""
        basket = new_id()

        commit(baskets.tell, basket)

        assert [event.aggregate_id for event in outbox()] == [basket]

    def test_tests(self, commit, rows, wares, baskets):
        """Code of tests may use all tables, so factories can write any rows."""

        def make():
            session.execute(sa.insert(baskets.Line).values(ware="lamp", left=1))
            session.execute(sa.update(wares.Ware).values(units=3))

        commit(make)

        assert rows() == [[("lamp", 3)], [("lamp", 1)]]


class Taker:
    """A fake provider in a test, which reads a table of the feature under test."""

    def take(self, name):
        """Return the number of lines."""
        return session.scalar(sa.text("SELECT count(*) FROM baskets_line"))

    def announce(self, name):
        """Do nothing."""

    def record(self, name):
        """Do nothing."""


class TestFakes:
    @pytest.fixture
    def fakes(self, guarded_packages):
        """A fake of the contract."""
        return [Offer(import_module("mercato_counting").Counting, "1.0", Taker)]

    def test_may_use_all_tables(self, commit, baskets):
        """A fake counts as test code, even if a feature calls it."""
        left = commit(baskets.put_into_basket, "lamp").left

        assert left == 0
