"""What features add to the items of others."""

import pytest

from mercato_kit.feature import Expansion, Glue, Need
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone, permission
from mercato_kit.schemas import Schema
from mercato_testing.samples.wheels import install

from .greeting import Greeting, hello
from .manifests import codes, feature, planned, rendered

WORD = f"{Greeting.__module__.rpartition('.')[2]}.guest"


class StarsSchema(Schema):
    """Stars of a guest."""


def read_stars(_ids):
    """Return no stars."""
    return {}


def stars(name="stars", **members):
    """Return an expansion of guests."""
    return Expansion(Greeting, "guest", name, StarsSchema, "Stars.", read_stars, **members)


def guests():
    """Return a feature that shows guests."""
    blueprint = Blueprint("guests", __name__, url_prefix="/v1")

    @blueprint.get("/guests", allow=anyone, expands=(Greeting, "guest"))
    @blueprint.response(200)
    def list_guests():
        """List guests"""
        return {"data": [], "has_more": False}

    return feature("guests", blueprints=[blueprint])


class TestExpandable:
    def test_is_composed_beside_what_it_expands(self):
        """An expansion fits where any enabled feature has a route with such items."""
        found = planned(guests(), feature("reviews", expansions=[stars()]))

        assert codes(found) == []

    @pytest.mark.provokes("K125")
    def test_needs_a_route_with_such_items(self):
        """K125 says what is expanded, and how a feature does without it."""
        found = planned(hello(), feature("reviews", expansions=[stars()]))

        assert rendered(found) == (
            "error[K125] 'reviews' (handed to create_app)\n"
            f"    expands {WORD}, and no enabled feature has a route with such items.\n"
            '    fix: maintainers: put it into Glue(when=[Need(Greeting, ">=1,<2")], …)'
        )

    @pytest.mark.provokes("K125")
    def test_names_an_installed_feature(self, wheels):
        """K125 has the line that enables an installed feature with such a route."""
        source = f"""
            import sys
            from mercato_kit.feature import Feature
            from mercato_kit.http import Blueprint
            from mercato_kit.policies import anyone

            blueprint = Blueprint("guests", __name__)
            contract = sys.modules[{Greeting.__module__!r}].Greeting

            @blueprint.get("/guests", allow=anyone, expands=(contract, "guest"))
            def show():
                "Show"

            feature = Feature(name="guests", summary="For a test.", blueprints=[blueprint])
        """
        install(wheels, "guests", source)

        [fault] = planned(feature("reviews", expansions=[stars()])).faults

        assert fault.fix.splitlines()[0] == "add [features.guests] to deployment.toml"
        assert fault.fix.splitlines()[1].startswith("or: maintainers: put it into Glue")

    @pytest.mark.provokes("K125")
    def test_follows_from_what_could_not_be_loaded(self, wheels):
        """K125 follows from the fault of a feature that may have such a route."""
        install(wheels, "guests", "1 / 0")

        found = planned(
            feature("reviews", expansions=[stars()]), values={"features": {"guests": {}}}
        )

        assert codes(found) == ["K103", "K125"]
        assert found.faults[1].follows == ("guests",)

    @pytest.mark.parametrize(("others", "names"), [([], []), ([hello()], ["stars"])])
    def test_may_be_glue(self, others, names):
        """An expansion in glue is composed only if the conditions of the glue hold."""
        glue = Glue(when=[Need(Greeting, ">=1,<2")], expansions=[stars()])

        found = planned(guests(), feature("reviews", glue=[glue]), *others)

        [reviews] = [one for one in found.features if one.name == "reviews"]
        assert codes(found) == []
        assert [one.name for one in reviews.manifest.expansions] == names


class TestOneNameEach:
    @pytest.mark.provokes("K413")
    def test_refuses_a_name_twice(self):
        """K413 names both features, and what they expand."""
        both = [feature(name, expansions=[stars()]) for name in ("points", "reviews")]

        found = planned(guests(), *both)

        assert rendered(found) == (
            f"error[K413] {WORD}\n"
            "    expanded twice under the name 'stars': 'points' (handed to create_app), "
            "'reviews' (handed to create_app).\n"
            "    fix: remove [features.points] from deployment.toml\n"
            "    or: remove [features.reviews] from deployment.toml"
        )

    def test_accepts_other_names(self):
        """Several features may expand the same items under names of their own."""
        both = [feature(name, expansions=[stars(name)]) for name in ("points", "reviews")]

        assert codes(planned(guests(), *both)) == []


class TestManifest:
    @pytest.mark.provokes("K106")
    @pytest.mark.parametrize(
        ("expansion", "field"),
        [
            (stars("Stars"), "expansions[0].name"),
            (stars("stars.average"), "expansions[0].name"),
            (stars(public=True, allow=permission("reviews.read")), "expansions[0].allow"),
        ],
    )
    def test_refuses_what_could_not_be_asked_for(self, expansion, field):
        """K106: a name is a lower-case word, and what is public may be asked for by anyone."""
        [fault] = planned(guests(), feature("reviews", expansions=[expansion])).faults

        assert (fault.code, fault.what.split()[0]) == ("K106", field)

    @pytest.mark.provokes("K413")
    def test_refuses_two_of_one_name(self):
        """One feature cannot use a name twice for the same items."""
        found = planned(guests(), feature("reviews", expansions=[stars(), stars()]))

        assert codes(found) == ["K413"]
