"""Checks of one manifest, independent of other features."""

from pathlib import Path

import click
import flask
import pytest
import sqlalchemy as sa

from mercato_kit.events import Handler
from mercato_kit.feature import Check, Gauge, Need, Offer
from mercato_kit.jobs import Job

from . import manifests
from .greeting import Greeting, Hello
from .manifests import blueprint_with, codes, feature, planned


class TestManifests:
    @pytest.mark.provokes("K106")
    def test_a_plain_flask_blueprint(self):
        """K106: routes of a plain Flask blueprint have no policy."""
        plain = flask.Blueprint("reviews", __name__)

        [fault] = planned(feature("reviews", blueprints=[plain])).faults

        assert fault.code == "K106"
        assert "a plain Flask blueprint states no policies" in fault.what

    @pytest.mark.provokes("K106")
    def test_a_route_without_policy(self):
        """K106 names the route with file and line."""
        blueprint = blueprint_with("/reviews", allow=None)

        [fault] = planned(feature("reviews", blueprints=[blueprint])).faults

        assert fault.code == "K106"
        assert fault.what.startswith("the route GET /v1/reviews has no policy: ")
        assert Path(manifests.__file__).name + ":" in fault.what
        assert fault.fix == "say who may call it: allow=anyone, signed_in or permission('…')"

    @pytest.mark.provokes("K106")
    @pytest.mark.parametrize(
        ("parts", "field"),
        [
            ({"needs": ["catalog"]}, "needs[0]"),
            ({"needs": [Need(Greeting, "one")]}, "needs[0].versions"),
            ({"offers": [Offer(Greeting, "x", Hello)]}, "offers[0].version"),
            ({"offers": [Offer(Greeting, "1.0", None)]}, "offers[0].factory"),
            ({"settings": dict}, "settings"),
            ({"publishes": "order.placed"}, "publishes"),
            ({"handles": [Handler("a", print), Handler("b", print)]}, "handles[1].name"),
            ({"kit": "newest"}, "kit"),
            ({"permissions": ["reviews.write"]}, "permissions"),
            ({"cli": print}, "cli"),
            ({"cli": [print]}, "cli[0]"),
            ({"cli": [click.Group("A b")]}, "cli[0].name"),
            ({"cli": [click.Group("a"), click.Group("a")]}, "cli[1].name"),
            ({"gauges": [Gauge("a-b", "A.", print)]}, "gauges[0].name"),
            ({"health": [Check("mail", None)]}, "health[0].function"),
            ({"jobs": [Job("expire", print, "daily")]}, "jobs[0].every_seconds"),
            ({"jobs": [Job("expire", print, 60)] * 2}, "jobs[1].name"),
        ],
    )
    def test_what_its_types_forbid(self, parts, field):
        """K106 names the field, its value and what was expected."""
        [fault] = planned(feature("reviews", **parts)).faults

        assert fault.code == "K106"
        assert fault.what.startswith(f"{field} is ")
        assert "; expected " in fault.what

    @pytest.mark.provokes("K107")
    @pytest.mark.parametrize("name", ["Reviews", "gift-cards", "db", "reviews_", "x" * 31])
    def test_names_that_no_feature_may_have(self, name):
        """K107: a name is a lower-case word, and not one that the platform reserves."""
        assert codes(planned(feature(name))) == ["K107"]

    @pytest.mark.provokes("K107")
    def test_a_table_of_another_prefix(self):
        """K107: the names of a feature's tables start with the feature's name."""
        metadata = sa.MetaData()
        sa.Table("comment", metadata, sa.Column("id", sa.Integer))

        [fault] = planned(feature("reviews", metadata=metadata)).faults

        assert fault.code == "K107"
        assert fault.fix == "rename the table, for example 'reviews_comment'"

    @pytest.mark.provokes("K118")
    def test_migrations_left_out_of_the_wheel(self, tmp_path):
        """K118 names the missing folder."""
        [fault] = planned(feature("reviews", migrations=tmp_path / "versions")).faults

        assert fault.code == "K118"
        assert str(tmp_path / "versions") in fault.what
