"""Names that belong to one feature each, and addresses with one owner."""

from pathlib import Path

import click
import pytest
import sqlalchemy as sa

from mercato_kit.db import NAMING_CONVENTION

from . import manifests
from .manifests import blueprint_with, codes, feature, planned, rendered


def tables(name, *columns):
    """Return a MetaData with one table."""
    metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)
    sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    return metadata


class TestClashes:
    @pytest.mark.provokes("K401")
    def test_one_method_and_url(self):
        """K401 names both features, with file and line, and who would have won."""
        found = planned(
            feature("reviews", blueprints=[blueprint_with("/things/<uuid:id>")]),
            feature("ratings", blueprints=[blueprint_with("/things/<uuid:key>", name="ratings")]),
        )

        [fault] = found.faults
        here = Path(manifests.__file__).name
        assert fault.code == "K401"
        first, one, other, winner = fault.what.splitlines()
        assert first == (
            "GET /v1/things/<uuid:key> is already a route of 'reviews' (handed to create_app):"
        )
        assert here in one
        assert here in other
        assert winner == "reviews would answer, without a warning"

    @pytest.mark.provokes("K401")
    def test_an_address_of_the_host(self):
        """K401: nobody takes the host's own."""
        [fault] = planned(feature("x", blueprints=[blueprint_with("/readyz", prefix="")])).faults

        assert fault.code == "K401"
        assert "is already a route of the host" in fault.what

    @pytest.mark.parametrize(
        ("code", "parts"),
        [
            (
                "K402",
                [{"blueprints": [blueprint_with("/a")]}, {"blueprints": [blueprint_with("/b")]}],
            ),
            ("K405", [{"publishes": ["thing.made"]}] * 2),
            ("K406", [{"permissions": {"things.write": "Write."}}] * 2),
        ],
    )
    def test_one_name(self, code, parts):
        """Blueprints, events and permissions have one owner each."""
        found = planned(*(feature(f"f{number}", **part) for number, part in enumerate(parts)))

        assert codes(found) == [code]
        assert "'f0'" in rendered(found)
        assert "'f1'" in rendered(found)

    @pytest.mark.parametrize("address", ["/", "/composition", "/problems", "/page.css"])
    def test_a_page_of_the_host(self, address):
        """K401: the addresses of the host's pages are taken."""
        [fault] = planned(feature("x", blueprints=[blueprint_with(address, prefix="")])).faults

        assert fault.code == "K401"

    @pytest.mark.provokes("K406")
    def test_a_permission_of_the_host(self):
        """K406: a feature cannot give away what the host checks."""
        [fault] = planned(feature("x", permissions={"host.read": "Read."})).faults

        assert fault.code == "K406"
        assert fault.what.startswith("its permission 'host.read' is also one of the host's.")

    @pytest.mark.provokes("K414")
    @pytest.mark.parametrize("first", [{"cli": [click.Group("things")]}, {}])
    def test_one_group_of_commands(self, first):
        """K414: a group has one owner, and a feature's name is its own without one, too."""
        name = "f0" if first else "things"

        [fault] = planned(feature(name, **first), feature("f1", cli=[click.Group("things")])).faults

        assert fault.code == "K414"
        assert fault.what.startswith(f"its group of commands 'things' is also one of {name!r}")

    @pytest.mark.provokes("K107")
    def test_a_command_of_the_platform(self):
        """K107: a group of commands cannot hide a command of the platform."""
        [fault] = planned(feature("x", cli=[click.Group("db")])).faults

        assert (fault.code, "its group of commands 'db'" in fault.what) == ("K107", True)

    @pytest.mark.provokes("K410")
    def test_one_table(self):
        """K410: the second would silently use the first one's table."""
        found = planned(
            feature("reviews", metadata=tables("reviews_extra_stars")),
            feature("reviews_extra", metadata=tables("reviews_extra_stars")),
        )

        assert set(codes(found)) == {"K410"}
        assert found.faults[-1].what.startswith(
            "its table 'reviews_extra_stars' is also a table of 'reviews' (handed to create_app)."
        )

    @pytest.mark.provokes("K410")
    def test_one_index(self):
        """K410: indexes of different tables share their names' space."""
        index = [sa.Column("a", sa.Integer), sa.Index("ix_same", "a")]
        other = [sa.Column("a", sa.Integer), sa.Index("ix_same", "a")]

        found = planned(
            feature("reviews", metadata=tables("reviews_a", *index)),
            feature("ratings", metadata=tables("ratings_a", *other)),
        )

        assert codes(found) == ["K410"]
        assert "its index 'ix_same' is also an index of" in rendered(found)
