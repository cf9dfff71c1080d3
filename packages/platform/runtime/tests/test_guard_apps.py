"""When the SQL guard is active, and its fault."""

from importlib import import_module

import pytest
import sqlalchemy as sa

from mercato_composition.deployment.reader import read_deployment
from mercato_host import create_app
from mercato_kit import work
from mercato_kit.db import engine
from mercato_kit.feature import Feature, Offer
from mercato_runtime.guard import ForeignTableError
from mercato_testing.samples.wheels import install


def listeners_of(app):
    """Return the listeners for statements of an app."""
    with app.app_context():
        return list(engine().dispatch.before_cursor_execute)


HATS = """
    import sqlalchemy as sa
    from mercato_kit.db import session
    from mercato_kit.feature import Feature
    from mercato_kit.privacy import PersonalData


    def look():
        many = ", ".join(str(number) for number in range(1, 99))
        joined = "shoes_lace l JOIN shoes_shoe s ON s.id = l.id"
        session.execute(sa.text(f"SELECT l.id\\n FROM {joined} AND s.id IN ({many})"))


    feature = Feature(
        name="hats", summary="For a test.", personal_data=PersonalData({}, erase=look)
    )
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
        """It is on in development and testing, off in production; sql_guard overrides this."""
        values = {"url": f"sqlite:///{tmp_path}/shop.db", **setting}
        server = {"hosts": ["shop.example"], "trusted_proxies": 0}
        read = {"environment": environment, "database": values, "server": server}
        key = {"MERCATO_SECRET_KEY": "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3"}

        app = create_app(read_deployment(read, environ=key))

        # One listener counts the statements of a request, one writes the rows of later().
        assert len(listeners_of(app)) == 2 + guarded

    def test_is_switched_by_the_environment(self):
        """A variable can switch it off."""
        off = {"MERCATO_DATABASE__SQL_GUARD": "false"}

        deployment = read_deployment({"environment": "testing"}, off)

        assert not deployment.sql_guard

    def test_knows_the_tables_of_its_app(self, tmp_path, wares, baskets):
        """Two apps in one process guard different tables."""
        query = sa.text("SELECT * FROM wares_ware")
        counting = Offer(import_module("mercato_counting").Counting, "1.0", wares.Shelf)
        alone = Feature(name="alone", summary="For a test.", offers=[counting])
        apps = []
        for others in ([wares.feature], [alone]):
            url = f"sqlite:///{tmp_path}/{len(apps)}.db"
            values = {"environment": "testing", "database": {"url": url}}
            apps.append(create_app(read_deployment(values), features=[baskets.feature, *others]))

        with apps[0].app_context(), pytest.raises(ForeignTableError):
            work.run(lambda: baskets.send(query))
        with apps[1].app_context(), pytest.raises(sa.exc.OperationalError, match="no such table"):
            work.run(lambda: baskets.send(query))

    @pytest.mark.provokes("K420")
    def test_explains_a_refusal(self, tmp_path, wheels):
        """The fault has feature, tables, owner, statement, line and the permitted way."""
        install(wheels, "hats", HATS, version="1.2", module="hats_of_guard")
        install(wheels, "shoes", SHOES, version="3.4", module="shoes_of_guard")
        values = {"url": f"sqlite:///{tmp_path}/shop.db"}
        named = {"features": {"hats": {}, "shoes": {}}}
        read = {"environment": "testing", "database": values, **named}
        app = create_app(read_deployment(read))

        with app.app_context(), pytest.raises(ForeignTableError) as refused:
            import_module("hats_of_guard").look()

        text = str(refused.value).replace(f"{wheels}/", "")
        assert text == (
            "error[K420] mercato-hats 1.2 ('hats')\n"
            "    its statement uses shoes_lace, shoes_shoe, tables of mercato-shoes 3.4 "
            "('shoes'), and was not sent:\n"
            "    SELECT l.id FROM shoes_lace l JOIN shoes_shoe s ON s.id = l.id "
            "AND s.id IN (1, 2, 3, 4, 5, 6, 7, …\n"
            "    at hats_of_guard.py:11\n"
            "    fix: call its contract: services.get(Lacing); or handle its events: shoe.lost"
        )
