"""Every feature keeps to its own tables: what is refused, what passes, and what is said."""

import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from mercato_host import config
from mercato_host import create_app
from mercato_host.cli.features import commands_of
from mercato_host.extensions import db
from mercato_host.features.composed import Composed
from mercato_host.sql_guard import ForeignTableError
from mercato_host.sql_guard.askers import Askers
from mercato_host.sql_guard.messages import explain
from mercato_host.sql_guard.statements import tables_in
from mercato_kit import work
from mercato_kit.db import new_id
from mercato_kit.db import session
from mercato_kit.events import Event
from mercato_kit.events import publish
from mercato_kit.feature import Feature
from mercato_kit.feature import Offer
from mercato_kit.models import InboxDelivery
from mercato_kit.models import OutboxEvent

from .wheels import install

GUARDED = Path(__file__).parent / "guarded"


@pytest.fixture(scope="module")
def _packages():
    """The features of these tests, as packages that can be imported."""
    sys.path.insert(0, str(GUARDED))
    yield import_module("mercato_baskets"), import_module("mercato_wares")
    sys.path.remove(str(GUARDED))


@pytest.fixture
def baskets(_packages):
    """The package of the feature that asks."""
    return _packages[0]


@pytest.fixture
def wares(_packages):
    """The package of the feature that owns."""
    return _packages[1]


@pytest.fixture
def feature(baskets):
    """The feature under test."""
    return baskets.feature


@pytest.fixture
def fakes(wares):
    """What it needs is the real thing."""
    return [wares.feature]


@pytest.fixture
def rows(commit, wares, baskets):
    """Makes a lamp, and returns a function that reads both tables."""
    commit(lambda: session.add(wares.Ware(name="lamp")))

    def read_all(model):
        return [tuple(row) for row in session.execute(sa.select(model.__table__))]

    def read():
        return [commit(read_all, model) for model in (wares.Ware, baskets.Line)]

    return read


UNTOUCHED = [[("lamp", 10)], []]


def listeners_of(app):
    """Return what listens to the statements of an app."""
    with app.app_context():
        return list(db.engine.dispatch.before_cursor_execute)


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
        """Whatever it does to another feature's table, it is refused before it runs."""
        statement = crossing(wares.Ware, baskets.Line)

        with pytest.raises(ForeignTableError, match=r"touches wares_ware, a table of 'wares'"):
            commit(baskets.send, statement)

        assert rows() == UNTOUCHED

    def test_sql_for_the_driver(self, commit, rows, baskets):
        """Text that SQLAlchemy never compiled is read as well."""
        with pytest.raises(ForeignTableError):
            commit(baskets.send_to_driver, "DELETE FROM wares_ware")

        assert rows() == UNTOUCHED

    @pytest.mark.parametrize("how_many", [2, 2000])
    def test_many_rows(self, how_many, commit, rows, baskets, wares):
        """A long list of values hides nothing."""
        new = [{"name": str(number), "units": 1} for number in range(how_many)]

        with pytest.raises(ForeignTableError):
            commit(baskets.send, sa.insert(wares.Ware).returning(wares.Ware.name), new)
        with pytest.raises(ForeignTableError):
            commit(baskets.send, sa.insert(wares.Ware).values(new))

        assert rows() == UNTOUCHED

    @pytest.mark.provokes("K420")
    def test_what_was_written_before(self, client, rows, caplog):
        """The request that broke the rule leaves nothing; its log says which rule."""
        answer = client.post("/v1/baskets/lamp/theft")

        assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
        assert "K420" in caplog.text
        assert rows() == UNTOUCHED

    def test_what_the_kit_sends_for_a_feature(self, commit, rows, baskets, wares):
        """A statement handed to the kit is still the feature's."""
        with pytest.raises(ForeignTableError, match=r"mercato_baskets.__init__\.py:\d+"):
            commit(baskets.list_page, sa.select(wares.Ware), wares.Ware.name)

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
        """Only the kit and the host read and write the kit's tables."""
        with pytest.raises(ForeignTableError, match=r"a table of mercato-kit"):
            commit(baskets.send, statement)

    def test_the_tables_of_the_kit_through_the_kit(self, commit, baskets):
        """Not even by asking the kit to send the statement."""
        with pytest.raises(ForeignTableError, match="kit_outbox"):
            commit(baskets.list_page, sa.select(OutboxEvent), OutboxEvent.id)

    def test_jobs(self, app, run_worker, rows):
        """A job that breaks the rule fails alone."""
        done = run_worker()

        assert done.failed == 1
        assert rows() == UNTOUCHED

    @pytest.mark.provokes("K420")
    def test_handlers(self, commit, run_worker, rows):
        """A handler that breaks the rule fails, and the delivery says why."""
        event = {"topic": "ware.gone", "aggregate_type": "ware", "aggregate_version": 1}
        commit(publish, Event(aggregate_id=new_id(), **event))

        run_worker()

        error = commit(lambda: session.scalar(sa.select(InboxDelivery.last_error)))
        assert error.startswith("ForeignTableError: error[K420]")
        assert rows() == UNTOUCHED

    def test_commands(self, app, rows, feature):
        """A command that breaks the rule fails."""
        group = commands_of(feature, lambda: app)

        ran = CliRunner().invoke(group, ["grab"])

        assert isinstance(ran.exception, ForeignTableError)
        assert rows() == UNTOUCHED

    def test_in_every_thread(self, app, rows, baskets):
        """Threads do not lend each other their rights."""

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


class TestLetsPass:
    def test_calls_of_a_contract(self, client, rows):
        """The owner answers with its own table, for whoever asks."""
        headers = {"Idempotency-Key": str(new_id())}

        answer = client.post("/v1/baskets/lamp", headers=headers)
        again = client.post("/v1/baskets/lamp", headers=headers)

        assert (answer.status_code, answer.json) == (201, {"left": 9})
        assert again.headers["Idempotency-Replayed"] == "true"
        assert rows() == [[("lamp", 9)], [("lamp", 9)]]

    def test_flushes_of_what_others_left(self, commit, rows, baskets):
        """A SELECT that makes the session write another feature's objects first is no offence."""
        commit(baskets.look_after_announcement, "vase")

        assert rows()[0] == [("lamp", 10), ("vase", 10)]

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT 'wares_ware'",
            "SELECT 'it''s wares_ware' AS told",
            "SELECT 1 -- wares_ware",
            "SELECT 1 /* wares_ware */",
            "SELECT 1 AS wares_ware_units",
            "SELECT 1 AS my_wares_ware",
            "SELECT ware FROM baskets_line WHERE ware = 'FROM wares_ware'",
        ],
    )
    def test_words_that_are_no_table(self, statement, commit, baskets):
        """Strings, comments and longer names touch nothing."""
        commit(baskets.send, sa.text(statement))

    def test_parameters(self, commit, baskets):
        """The value of a parameter is no table, whatever it says."""
        asked = sa.select(baskets.Line).where(baskets.Line.ware == "wares_ware")

        assert commit(lambda: baskets.send(asked).all()) == []

    def test_long_lists_of_own_rows(self, commit, baskets, rows):
        """A feature may write as many of its own rows as it likes."""
        new = [{"ware": f"{number:04}", "left": 1} for number in range(1000)]

        commit(baskets.send, sa.insert(baskets.Line), new)

        assert len(rows()[1]) == 1000

    def test_events(self, commit, outbox, baskets):
        """The kit writes its tables for any feature."""
        basket = new_id()

        commit(baskets.tell, basket)

        assert [event.aggregate_id for event in outbox()] == [basket]

    def test_tests(self, commit, rows, wares, baskets):
        """Code of tests belongs to no feature: factories write what they need."""

        def make():
            session.execute(sa.insert(baskets.Line).values(ware="lamp", left=1))
            session.execute(sa.update(wares.Ware).values(units=3))

        commit(make)

        assert rows() == [[("lamp", 3)], [("lamp", 1)]]


class Taker:
    """A fake from a test, which reads the table of the feature under test."""

    def take(self, name):
        """Return how many lines there are."""
        return session.scalar(sa.text("SELECT count(*) FROM baskets_line"))

    def announce(self, name):
        """Do nothing."""


class TestFakes:
    @pytest.fixture
    def fakes(self, _packages):
        """A fake of the contract."""
        return [Offer(import_module("mercato_counting").Counting, "1.0", Taker)]

    def test_may_do_anything(self, commit, baskets):
        """A fake is test code, though a feature calls it."""
        left = commit(baskets.put_into_basket, "lamp").left

        assert left == 0


class TestInitApp:
    @pytest.mark.parametrize(
        ("environment", "setting", "guarded"),
        [
            ("testing", {}, True),
            ("development", {}, True),
            ("production", {}, False),
            ("testing", {"sql_guard": False}, False),
            ("production", {"sql_guard": True}, True),
        ],
    )
    def test_is_switched_by_the_file(self, environment, setting, guarded, tmp_path):
        """On where people develop and test, off in production; the file may say otherwise."""
        values = {"url": f"sqlite:///{tmp_path}/shop.db", **setting}
        read = {"environment": environment, "database": values, "server": {"trusted_proxies": 0}}
        key = {"MERCATO_SECRET_KEY": "0123456789abcdef" * 2}

        app = create_app(config.from_mapping(read, key))

        assert len(listeners_of(app)) == guarded

    def test_is_switched_by_the_environment(self):
        """A variable overrides the file."""
        off = {"MERCATO_DATABASE__SQL_GUARD": "false"}

        deployment = config.from_mapping({"environment": "testing"}, off)

        assert not deployment.sql_guard

    def test_knows_the_tables_of_its_app(self, tmp_path, feature, wares, baskets):
        """Two apps in one process guard different tables."""
        asked = sa.text("SELECT * FROM wares_ware")
        counting = Offer(import_module("mercato_counting").Counting, "1.0", wares.Shelf)
        alone = Feature(name="alone", summary="For a test.", offers=[counting])
        apps = []
        for others in ([wares.feature], [alone]):
            url = f"sqlite:///{tmp_path}/{len(apps)}.db"
            values = {"environment": "testing", "database": {"url": url}}
            apps.append(create_app(config.from_mapping(values), features=[feature, *others]))

        with apps[0].app_context(), pytest.raises(ForeignTableError):
            work.run(lambda: baskets.send(asked))
        with apps[1].app_context(), pytest.raises(sa.exc.OperationalError, match="no such table"):
            work.run(lambda: baskets.send(asked))

    @pytest.mark.provokes("K420")
    def test_says_all_that_helps(self, tmp_path, monkeypatch):
        """The message names feature, table, owner, statement, line and the allowed way."""
        monkeypatch.syspath_prepend(str(tmp_path))
        install(tmp_path, "hats", HATS, version="1.2", module="hats_of_guard")
        install(tmp_path, "shoes", SHOES, version="3.4", module="shoes_of_guard")
        values = {"url": f"sqlite:///{tmp_path}/shop.db"}
        named = {"features": {"hats": {}, "shoes": {}}}
        read = {"environment": "testing", "database": values, **named}
        app = create_app(config.from_mapping(read))

        with app.app_context(), pytest.raises(ForeignTableError) as refused:
            import_module("hats_of_guard").look()

        told = str(refused.value).replace(f"{tmp_path}/", "")
        assert told == (
            "error[K420] mercato-hats 1.2 ('hats')\n"
            "    its statement touches shoes_lace, shoes_shoe, tables of mercato-shoes 3.4 "
            "('shoes'); it was not sent:\n"
            "    SELECT l.id FROM shoes_lace l JOIN shoes_shoe s ON s.id = l.id "
            "AND s.id IN (1, 2, 3, 4, 5, 6, 7, …\n"
            "    at hats_of_guard.py:10\n"
            "    fix: call its contract: services.get(Lacing); or handle its events: shoe.lost"
        )


HATS = """
    import sqlalchemy as sa
    from mercato_kit.db import session
    from mercato_kit.feature import Feature


    def look():
        many = ", ".join(str(number) for number in range(1, 99))
        joined = "shoes_lace l JOIN shoes_shoe s ON s.id = l.id"
        session.execute(sa.text(f"SELECT l.id\\n FROM {joined} AND s.id IN ({many})"))


    feature = Feature(name="hats", summary="For a test.", erase_subject=look)
"""

SHOES = """
    import sqlalchemy as sa
    from mercato_kit import db
    from mercato_kit.feature import Feature
    from mercato_kit.feature import Offer

    metadata = db.metadata("shoes")
    sa.Table("shoes_shoe", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("shoes_lace", metadata, sa.Column("id", sa.Integer, primary_key=True))

    class Lacing:
        def lace(self):
            return None

    feature = Feature(
        name="shoes",
        summary="For a test.",
        metadata=metadata,
        offers=[Offer(Lacing, "1.0", Lacing)],
        publishes=["shoe.lost"],
    )
"""


class TestExplain:
    @pytest.mark.parametrize(
        ("publishes", "way"),
        [
            (["hat.lost"], "handle its events: hat.lost"),
            ([], "agree on a contract or an event with 'hats', which has neither yet"),
        ],
    )
    def test_sends_nobody_to_a_contract_that_is_not_there(self, publishes, way):
        """The fix is one that can be followed."""
        owner = Feature(name="hats", summary="For a test.", publishes=publishes)
        asker = Feature(name="shoes", summary="For a test.")

        fault = explain(
            asker=Composed(asker),
            owner=Composed(owner),
            tables=["hats_hat"],
            statement="SELECT 1 FROM hats_hat",
            place="shoes.py:1",
        )

        assert fault.fix == way


class TestTablesIn:
    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT * FROM hats_hat",
            "select * from HATS_HAT",
            "SELECT a.b FROM(hats_hat)a",
            'SELECT * FROM public."hats_hat"',
            "SELECT * FROM `hats_hat`",
            "SELECT * FROM [hats_hat]",
            "SELECT * FROM 'hats_hat'",
            "UPDATE ONLY hats_hat SET x = %(x)s",
            "SELECT E'it\\'s', x FROM hats_hat WHERE y = 'z'",
            "DO $$ BEGIN DELETE FROM hats_hat; END $$",
            "SELECT $a$it's$a$, x FROM hats_hat, b WHERE y = 'z'",
            "SELECT '--', x FROM hats_hat",
            "SELECT '/*', x FROM hats_hat",
            "SELECT 1 -- it's\nFROM hats_hat",
            "SELECT \"it's\" FROM hats_hat WHERE y = 'z'",
        ],
    )
    def test_finds(self, statement):
        """A table is found in every spelling that a database takes for it."""
        assert tables_in(statement, {"hats_hat"}) == ["hats_hat"]

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT 'hats_hat'",
            "SELECT 'a''hats_hat'",
            "SELECT E'a\\' hats_hat'",
            "SELECT x -- hats_hat",
            "SELECT x /* FROM\n hats_hat */",
            "SELECT hats_hat_id, xhats_hat, hats_hats, éhats_hat",
            'SELECT "a hats_hat"',
            "SELECT :hats_hat, %(hats_hat)s, @hats_hat",
            "",
        ],
    )
    def test_leaves(self, statement):
        """Strings, comments, parameters and longer names are no tables."""
        assert tables_in(statement, {"hats_hat"}) == []

    def test_names_each_once(self):
        """The tables come in their order, once each."""
        statement = "SELECT b.x FROM b JOIN a ON a.x = b.x"

        assert tables_in(statement, {"a", "b", "c"}) == ["b", "a"]


def frame_in(module):
    """Return a frame of code that runs in a module of this name."""
    return SimpleNamespace(f_globals={"__name__": module})


def in_module(module):
    """Return a function of a module of this name."""

    def function(subject):
        return None

    function.__module__ = module
    return function


def composed(name, *modules, wheel=True):
    """Return a feature with code in *modules*."""
    erase, *others = [in_module(module) for module in modules]
    group = click.Group("g", commands=[click.Command(str(f), callback=f) for f in others])
    manifest = Feature(name=name, summary="For a test.", erase_subject=erase, cli=group)
    return Composed(manifest, "dist" if wheel else None, "1.0")


class TestAskers:
    @pytest.mark.parametrize(
        ("module", "owner"),
        [
            ("mercato_hats.privacy", "hats"),
            ("mercato_hats.services.deeply.nested", "hats"),
            ("mercato_hats", "hats"),
            ("mercato_hats_more", None),
            ("acme.shoes.services", "shoes"),
            ("acme.gifts", "gifts"),
            ("acme.common", None),
            ("sqlalchemy.orm.session", None),
            ("functools", None),
            ("contextlib", None),
            ("mercato_kit.work", None),
            ("mercato_host.worker", "host"),
            ("packages.hats.tests.factories", "host"),
            ("test_hats", "host"),
            ("mercato_hats.tests.test_hats", "host"),
        ],
    )
    def test_code_is_its_package_s(self, module, owner):
        """Features of one namespace are told apart; libraries and tests are nobody's."""
        askers = Askers(
            [
                composed("hats", "mercato_hats.privacy", "mercato_hats.cli", "functools"),
                composed("shoes", "acme.shoes.privacy"),
                composed("gifts", "acme.gifts.deep.privacy"),
            ]
        )

        assert askers.of(frame_in(module)) == owner

    def test_the_kit_is_itself_where_its_tables_are_used(self):
        """Code of the kit that knows the kit's tables uses them in its own name."""
        askers = Askers([])
        frame = SimpleNamespace(f_globals=vars(import_module("mercato_kit.events")))

        assert askers.of(frame) == "kit"

    def test_a_module_of_two_features_is_nobody_s(self):
        """What two features share says nothing about who asks."""
        askers = Askers([composed("hats", "shared.code"), composed("shoes", "shared.code")])

        assert askers.of(frame_in("shared.code")) is None

    def test_features_made_by_tests_are_tests(self):
        """A manifest that was handed over from a test's file may do anything."""
        askers = Askers(
            [
                composed("hats", "test_hats", wheel=False),
                composed("shoes", "fakes", wheel=False),
                composed("gifts", "mercato_gifts.privacy", wheel=False),
            ]
        )

        owners = [askers.of(frame_in(m)) for m in ("test_hats", "fakes", "mercato_gifts.x")]
        assert owners == ["host", "host", "gifts"]

    def test_a_wheel_of_one_file_is_a_feature(self):
        """An installed feature may be a single module."""
        askers = Askers([composed("hats", "hats_in_one_file")])

        assert askers.of(frame_in("hats_in_one_file")) == "hats"
