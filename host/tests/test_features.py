"""What a deployment comes to: found, checked and ordered features, and every message on the way."""

import os
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import flask
import pytest
import sqlalchemy as sa

from mercato_host import config
from mercato_host.faults import render
from mercato_host.features import plan
from mercato_kit.db import NAMING_CONVENTION
from mercato_kit.events import Handler
from mercato_kit.feature import Feature
from mercato_kit.feature import Need
from mercato_kit.feature import Offer
from mercato_kit.http import Blueprint
from mercato_kit.identity import IdentityProvider
from mercato_kit.identity import anyone
from mercato_kit.settings import Secret
from mercato_kit.settings import Settings

from .wheels import install

KIT = version("mercato-kit")


class Greeting(Protocol):
    """A contract of these tests; its id is the name of this module."""

    loud: bool

    def greet(self, name: str, times: int = 1) -> str:
        """Return a greeting."""
        ...


class Farewell(Protocol):
    """Another one."""

    def leave(self) -> str:
        """Return a farewell."""
        ...


class Greeter:
    loud = True

    def greet(self, name, times=1):
        """Fit the contract."""
        return name * times


class Leaver:
    def leave(self):
        """Fit the contract."""
        return "bye"


ID = __name__.rpartition(".")[2]


def feature(name, **parts):
    """Return a manifest that has nothing but *parts*."""
    return Feature(name=name, summary="For a test.", **parts)


def blueprint_with(*rules, name="reviews", allow=anyone, prefix="/v1"):
    """Return a blueprint that answers GET on *rules*."""
    blueprint = Blueprint(name, __name__, url_prefix=prefix)
    for number, rule in enumerate(rules):

        @blueprint.get(rule, allow=allow, endpoint=f"view_{number}")
        @blueprint.response(200)
        def view(**_arguments):
            """Answer"""
            return {}

    return blueprint


def planned(*manifests, values=None, **environ):
    """Plan a testing deployment of *manifests*."""
    deployment = config.from_mapping({"environment": "testing", **(values or {})}, environ)
    return plan(deployment, manifests)


def told(found):
    """Return a plan's faults as an operator reads them."""
    return render(found.faults)


def codes(found):
    """Return the codes of a plan's faults."""
    return [fault.code for fault in found.faults]


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder that distributions can be installed into."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


GOOD = """
    from mercato_kit.feature import Feature

    feature = Feature(name="{name}", summary="For a test.")
"""


class TestFind:
    def test_loads_what_the_file_names_and_nothing_else(self, wheels):
        """Installed does not mean on."""
        install(wheels, "reviews", GOOD.format(name="reviews"), version="1.2")
        install(wheels, "gift_cards", "raise RuntimeError('never imported')")

        found = planned(values={"features": {"reviews": {}}})

        assert [one.where for one in found.features] == ["mercato-reviews 1.2 ('reviews')"]
        assert found.fits

    @pytest.mark.provokes("K101")
    def test_a_name_that_nobody_offers(self, wheels):
        """K101 suggests the name that was meant, and lists the others."""
        install(wheels, "reviews", GOOD.format(name="reviews"))

        found = planned(values={"features": {"review": {}}})

        [fault] = found.faults
        assert (fault.code, fault.where) == ("K101", "deployment.toml")
        assert fault.what.startswith(
            "no installed distribution offers a feature called 'review'. "
            "Did you mean 'reviews'? Installed features: "
        )
        assert "reviews" in fault.what.partition("Installed features: ")[2].split(", ")
        assert "`mercato install --here`" in fault.fix

    @pytest.mark.provokes("K103")
    def test_a_manifest_that_cannot_be_imported(self, wheels):
        """K103 names the exception and the extra that helps; the other features are checked."""
        install(
            wheels,
            "reviews",
            "import a_module_that_is_away",
            requires=['a-module-that-is-away; extra == "stars"'],
            metadata="Provides-Extra: stars",
            module="reviews_that_need_more",
        )
        install(wheels, "gift_cards", "1 / 0", module="gift_cards_that_fail")

        found = planned(values={"features": {"reviews": {}, "gift_cards": {}}})

        assert told(found) == (
            "error[K103] mercato-gift-cards 1.0 ('gift_cards')\n"
            "    importing gift_cards_that_fail failed: ZeroDivisionError: division by zero\n"
            "    other features were checked all the same\n"
            "    fix: install what it needs, or tell its maintainers\n"
            "error[K103] mercato-reviews 1.0 ('reviews')\n"
            "    importing reviews_that_need_more failed: ModuleNotFoundError: "
            "No module named 'a_module_that_is_away'\n"
            "    the module that is missing is 'a_module_that_is_away'\n"
            "    other features were checked all the same\n"
            "    fix: pip install 'mercato-reviews[stars]'"
        )

    @pytest.mark.provokes("K103")
    def test_a_manifest_that_ends_the_process(self, wheels):
        """K103: one wheel that calls exit() ends nothing but itself."""
        install(wheels, "reviews", "raise SystemExit(0)")

        [fault] = planned(values={"features": {"reviews": {}}}).faults

        assert (fault.code, fault.feature) == ("K103", "reviews")
        assert "SystemExit: 0" in fault.what

    @pytest.mark.provokes("K104")
    def test_two_distributions_of_one_name(self, wheels):
        """K104 names both; neither wins."""
        install(wheels, "reviews", GOOD.format(name="reviews"))
        install(wheels, "reviews", GOOD.format(name="reviews"), distribution="evil-reviews")

        found = planned(values={"features": {"reviews": {}}})

        [fault] = found.faults
        assert fault.code == "K104"
        assert "mercato-reviews 1.0 at " in fault.what
        assert "evil-reviews 1.0 at " in fault.what
        assert not found.features

    @pytest.mark.provokes("K116")
    def test_a_module_that_is_gone(self, wheels):
        """K116 names the folder that an uninstall left."""
        install(wheels, "reviews", "")

        [fault] = planned(values={"features": {"reviews": {}}}).faults

        assert fault.code == "K116"
        assert str(wheels / "mercato_reviews-1.0.dist-info") in fault.fix

    @pytest.mark.provokes("K106")
    @pytest.mark.parametrize(
        "source", ["feature = 1", GOOD.format(name="other")], ids=["no Feature", "other name"]
    )
    def test_what_is_no_manifest(self, wheels, source):
        """K106 names the maintainers' address."""
        metadata = "Project-URL: Issues, https://reviews.example/issues"
        install(wheels, "reviews", source, metadata=metadata)

        [fault] = planned(values={"features": {"reviews": {}}}).faults

        assert fault.code == "K106"
        assert "https://reviews.example/issues" in fault.fix

    @pytest.mark.provokes("K105")
    def test_a_feature_built_for_another_kit(self, wheels):
        """K105: the range is the wheel's requirement, unless the manifest says."""
        source = GOOD.format(name="reviews")
        install(wheels, "reviews", source, version="3.0", requires=["mercato-kit<9,>=7"])

        found = planned(values={"features": {"reviews": {}}})

        assert told(found) == (
            "error[K105] mercato-reviews 3.0 ('reviews')\n"
            f"    was built for mercato-kit <9,>=7; this host runs mercato-kit {KIT}.\n"
            "    nothing was started with it left out\n"
            "    fix: install a release of mercato-reviews that fits the kit, "
            "or the kit it was built for"
        )


class TestManifests:
    @pytest.mark.provokes("K106")
    def test_a_plain_flask_blueprint(self):
        """K106: its routes could not state a policy."""
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
        assert fault.what.startswith("the route GET /v1/reviews states no policy: ")
        assert Path(__file__).name + ":" in fault.what
        assert fault.fix == "say who may call it: allow=anyone, signed_in or permission('…')"

    @pytest.mark.provokes("K106")
    @pytest.mark.parametrize(
        ("parts", "field"),
        [
            ({"needs": ["catalog"]}, "needs[0]"),
            ({"needs": [Need(Greeting, "one")]}, "needs[0].versions"),
            ({"offers": [Offer(Greeting, "x", Greeter)]}, "offers[0].version"),
            ({"offers": [Offer(Greeting, "1.0", None)]}, "offers[0].factory"),
            ({"settings": dict}, "settings"),
            ({"publishes": "order.placed"}, "publishes"),
            ({"handles": [Handler("a", print), Handler("b", print)]}, "handles[1].name"),
            ({"kit": "newest"}, "kit"),
            ({"permissions": ["reviews.write"]}, "permissions"),
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
        """K107: a name is a word, and not one of the host's."""
        assert codes(planned(feature(name))) == ["K107"]

    @pytest.mark.provokes("K107")
    def test_a_table_of_another_prefix(self):
        """K107: a feature's tables carry its name."""
        metadata = sa.MetaData()
        sa.Table("comment", metadata, sa.Column("id", sa.Integer))

        [fault] = planned(feature("reviews", metadata=metadata)).faults

        assert fault.code == "K107"
        assert fault.fix == "rename the table, for example 'reviews_comment'"

    @pytest.mark.provokes("K118")
    def test_migrations_left_out_of_the_wheel(self, tmp_path):
        """K118 names the folder that was looked for."""
        [fault] = planned(feature("reviews", migrations=tmp_path / "versions")).faults

        assert fault.code == "K118"
        assert str(tmp_path / "versions") in fault.what


class TestNeeds:
    @pytest.mark.provokes("K108")
    def test_nobody_offers(self):
        """K108 names the need with its range."""
        found = planned(feature("reviews", needs=[Need(Greeting, ">=1.1,<2")]))

        assert told(found) == (
            "error[K108] 'reviews' (handed to create_app)\n"
            f"    needs {ID} >=1.1,<2, which no enabled feature offers.\n"
            f"    fix: install a feature that offers {ID}, and add it to deployment.toml"
        )

    @pytest.mark.provokes("K108")
    def test_somebody_installed_offers(self, wheels):
        """K108 names the line that enables it."""
        source = f"""
            import sys
            from mercato_kit.feature import Feature, Offer

            contract = sys.modules[{__name__!r}].Greeting
            offer = Offer(contract, "1.0", lambda: None)
            feature = Feature(name="greetings", summary="For a test.", offers=[offer])
        """
        install(wheels, "greetings", source)

        [fault] = planned(feature("reviews", needs=[Need(Greeting, ">=1,<2")])).faults

        assert fault.code == "K108"
        assert fault.fix == "add [features.greetings] to deployment.toml (installed, not enabled)"

    @pytest.mark.provokes("K108")
    def test_what_offers_it_is_broken(self, wheels):
        """K108 follows from the fault before it, and says so."""
        install(wheels, "greetings", "1 / 0")
        needs = [Need(Greeting, ">=1,<2")]

        found = planned(feature("reviews", needs=needs), values={"features": {"greetings": {}}})

        assert codes(found) == ["K103", "K108"]
        assert found.faults[1].fix == "first mend what could not be composed: greetings"
        assert "    follows from K103 of greetings\n" in told(found)

    @pytest.mark.provokes("K109")
    def test_another_version(self):
        """K109 names each offer, and who may be behind."""
        found = planned(
            feature("greetings", offers=[Offer(Greeting, "2.0", Greeter)]),
            feature("reviews", needs=[Need(Greeting, ">=1,<2")]),
        )

        [fault] = found.faults
        assert fault.code == "K109"
        assert fault.what == (
            f"needs {ID} >=1,<2; enabled features offer 2.0 from "
            "'greetings' (handed to create_app)."
        )

    @pytest.mark.provokes("K110")
    def test_a_ring(self):
        """K110 shows the whole ring, and ways out."""
        found = planned(
            feature(
                "greetings",
                offers=[Offer(Greeting, "1.0", Greeter)],
                needs=[Need(Farewell, ">=1,<2")],
            ),
            feature(
                "farewells",
                offers=[Offer(Farewell, "1.0", Leaver)],
                needs=[Need(Greeting, ">=1,<2")],
            ),
        )

        [fault] = found.faults
        assert fault.code == "K110"
        assert fault.what == (
            "features need each other in a ring:\n"
            f"farewells -> greetings because farewells needs {ID}\n"
            f"greetings -> farewells because greetings needs {ID}"
        )

    @pytest.mark.provokes("K111")
    def test_two_offer_the_same(self):
        """K111 names both, and the line that chooses."""
        found = planned(*self.two_greeters())

        assert told(found) == (
            f"error[K111] contract {ID}\n"
            f"    2 enabled features offer {ID}:\n"
            f"    'hello' (handed to create_app) offers {ID} 1.0\n"
            f"    'salute' (handed to create_app) offers {ID} 1.3\n"
            f'    fix: choose one in deployment.toml: [capabilities] {ID} = "hello"'
        )

    def test_the_operator_chose_one(self):
        """[capabilities] names the feature that answers."""
        found = planned(*self.two_greeters(), values={"capabilities": {ID: "salute"}})

        assert found.fits
        assert [offer.version for offer in found.providers] == ["1.3"]

    @pytest.mark.provokes("K111")
    def test_accounts_beside_an_outside_issuer(self):
        """K111: tokens come from a feature or from [identity], not from both."""
        identity = {"issuer": "https://id.example", "audience": "shop", "jwks_uri": "https://k/"}
        accounts = feature("accounts", offers=[Offer(IdentityProvider, "1.0", lambda: None)])

        found = planned(accounts, values={"identity": identity})

        assert "K111" in codes(found)
        assert "mercato-host" in told(found)

    @staticmethod
    def two_greeters():
        """Return two features that offer one contract."""
        return (
            feature("hello", offers=[Offer(Greeting, "1.0", Greeter)]),
            feature("salute", offers=[Offer(Greeting, "1.3", Greeter)]),
        )


class MoreNeeded(Greeter):
    def greet(self, name, times=1, *, tone):
        """Ask for more than the contract gives."""
        return tone


class OtherName(Greeter):
    def greet(self, person, times=1):
        """Call an argument by another name."""
        return person


class NoDefault(Greeter):
    def greet(self, name, times):
        """Have no default."""
        return name


class NotCallable(Greeter):
    greet = 1


class Asynchronous(Greeter):
    async def greet(self, name, times=1):
        """Be awaited."""
        return name


class Quiet:
    def greet(self, name, times=1):
        """Fit the contract, all but its value."""
        return name


class Annotated(Quiet):
    loud: bool


class Static:
    loud = False

    @staticmethod
    def greet(name, times=1, *more, **others):
        """Take more than the contract gives."""
        return name


def make_bad_greeter() -> MoreNeeded:
    """Make a provider that does not fit."""
    return MoreNeeded()


def make_some_greeting() -> Greeting:
    """Make a provider, without telling which."""
    return Quiet()


def make_something():
    """Make a provider, without telling what."""
    return Quiet()


def make_good_greeter():
    """Make a provider that fits."""
    return Greeter()


NEEDS_TONE = (
    "greet(name, times=1, *, tone) cannot be called as greet(name, times=1): missing 'tone'"
)


class TestContracts:
    @pytest.mark.provokes("K113")
    @pytest.mark.parametrize(
        ("factory", "what"),
        [
            (MoreNeeded, NEEDS_TONE),
            (
                OtherName,
                "greet(person, times=1) cannot be called as greet(name, times=1): missing 'person'",
            ),
            (
                NoDefault,
                "greet(name, times) cannot be called as greet(name, times=1): missing 'times'",
            ),
            (NotCallable, "greet is 1, not a method"),
            (Asynchronous, "greet is async"),
            (Quiet, "loud is missing"),
            (object, "loud is missing"),
            (make_bad_greeter, NEEDS_TONE),
            (make_some_greeting, "loud is missing"),
            (make_something, "loud is missing"),
        ],
    )
    def test_a_provider_that_cannot_be_called_as_its_contract_says(self, factory, what):
        """K113 shows both signatures and what is missing."""
        found = planned(feature("greetings", offers=[Offer(Greeting, "1.0", factory)]))

        assert set(codes(found)) == {"K113"}
        assert f"{ID}.{what}" in [fault.what for fault in found.faults]

    @pytest.mark.provokes("K113")
    def test_a_factory_that_fails(self):
        """K113 says why it could not be asked."""
        found = planned(feature("greetings", offers=[Offer(Greeting, "1.0", lambda: 1 / 0)]))

        assert codes(found) == ["K113"]
        assert "its factory failed: ZeroDivisionError" in told(found)

    @pytest.mark.parametrize("factory", [Greeter, Annotated, Static, make_good_greeter])
    def test_a_provider_that_can(self, factory):
        """Classes, functions, annotations, static methods and wider signatures are all fine."""
        assert planned(feature("greetings", offers=[Offer(Greeting, "1.0", factory)])).fits


class Stars(Settings, frozen=True, kw_only=True):
    most: int = 5
    api_key: Secret


class TestSettings:
    def test_are_typed(self):
        """Each feature's settings are of its class, with the environment's text converted."""
        found = planned(
            feature("reviews", settings=Stars),
            values={"features": {"reviews": {"settings": {"api_key": "k"}}}},
            MERCATO_FEATURES__REVIEWS__SETTINGS__MOST="10",
        )

        assert found.settings["reviews"].most == 10
        assert found.settings["reviews"].api_key.reveal() == "k"

    @pytest.mark.provokes("K201", "K202", "K203")
    def test_every_mistake(self):
        """K201, K202 and K203 in one go; a secret is never shown."""
        found = planned(
            feature("reviews", settings=Stars),
            values={"features": {"reviews": {"settings": {"most": "many", "apikey": "hush"}}}},
        )

        assert told(found) == (
            "error[K201] deployment.toml\n"
            "    required setting 'api_key' of 'reviews' (handed to create_app) "
            "is absent (secret).\n"
            "    fix: set api_key = … in [features.reviews.settings] of deployment.toml, "
            "or MERCATO_FEATURES__REVIEWS__SETTINGS__API_KEY\n"
            "error[K202] deployment.toml\n"
            "    setting 'most' of 'reviews' (handed to create_app) does not hold: "
            "'many': Expected `int`, got `str`.\n"
            "    fix: correct most in [features.reviews.settings] of deployment.toml, "
            "or MERCATO_FEATURES__REVIEWS__SETTINGS__MOST\n"
            "error[K203] deployment.toml\n"
            "    there is no setting 'apikey' of 'reviews' (handed to create_app) in "
            "[features.reviews.settings]. Did you mean 'api_key'? Settings: most, api_key\n"
            "    fix: correct the name, or take it out"
        )

    @pytest.mark.provokes("K203")
    def test_of_a_feature_that_has_none(self):
        """K203, not silence."""
        values = {"features": {"reviews": {"settings": {"most": 1}}}}

        assert codes(planned(feature("reviews"), values=values)) == ["K203"]

    def test_file_and_line_of_each(self, tmp_path):
        """A mistake is found where the operator wrote it."""
        path = tmp_path / "shop.toml"
        path.write_text('environment = "testing"\n\n[features.reviews.settings]\nmost = "x"\n')

        found = plan(config.read(path, {}), [feature("reviews", settings=Stars)])

        assert [(fault.code, fault.where) for fault in found.faults] == [
            ("K201", "shop.toml:3"),
            ("K202", "shop.toml:4"),
        ]

    @pytest.mark.provokes("K205")
    def test_secrets_in_a_production_file(self):
        """K205: a feature's secret belongs into the environment."""
        values = {
            "environment": "production",
            "database": {"url": "postgresql://db.example/shop"},
            "server": {"trusted_proxies": 1},
            "features": {"reviews": {"settings": {"api_key": "hush"}}},
        }

        found = planned(
            feature("reviews", settings=Stars),
            values=values,
            MERCATO_SECRET_KEY=os.urandom(32).hex(),
        )

        assert codes(found) == ["K205"]
        assert "hush" not in told(found)


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
        here = Path(__file__).name
        assert fault.code == "K401"
        first, one, other, winner = fault.what.splitlines()
        assert first == (
            "GET /v1/things/<uuid:key> is already a route of 'reviews' (handed to create_app):"
        )
        assert here in one
        assert here in other
        assert winner.startswith("reviews would have answered")

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
        assert "'f0'" in told(found)
        assert "'f1'" in told(found)

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
        assert "its index 'ix_same' is also a index of" in told(found)


class TestOrder:
    def test_does_not_depend_on_the_order_given(self):
        """Features stand behind those that answer their needs, else by name."""
        manifests = [
            feature("aaa", needs=[Need(Greeting, ">=1")]),
            feature("mmm"),
            feature("zzz", offers=[Offer(Greeting, "1.0", Greeter)]),
        ]

        orders = [
            [one.name for one in planned(*some).features] for some in (manifests, manifests[::-1])
        ]

        assert orders == [["mmm", "zzz", "aaa"]] * 2


class TestOptionalFeatures:
    def test_are_left_out_with_a_warning(self, wheels):
        """The operator's own choice: the deployment starts, and says what is missing."""
        install(wheels, "reviews", "1 / 0")

        found = planned(values={"features": {"reviews": {"required": False}}})

        assert found.fits
        assert [(fault.code, fault.severity) for fault in found.faults] == [("K103", "warning")]
        assert found.left_out["reviews"].startswith("K103: importing ")

    def test_take_those_with_them_that_need_them_and_are_optional(self, wheels):
        """What cannot be without it is left out too, if it may be."""
        install(wheels, "hello", GOOD.format(name="hello"), requires=["mercato-kit>=9"])
        values = {"features": {"hello": {"required": False}, "reviews": {"required": False}}}

        found = planned(feature("reviews", needs=[Need(Greeting, ">=1")]), values=values)

        assert found.fits
        assert set(found.left_out) == {"hello", "reviews"}
        assert {one.name for one in found.absent} == {"hello", "reviews"}
