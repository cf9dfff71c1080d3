"""Names and addresses that two features claim: nobody wins silently."""

import sys
from pathlib import Path

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_composition.features.checks.addresses import common_address
from mercato_composition.features.plan import compose
from mercato_host import create_app
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone
from mercato_kit.schemas import Schema, Text
from mercato_testing.samples.wheels import install

from .manifests import feature

HERE = Path(__file__).name


def serving(name, *rules, blueprint=None, schema=None, **options):
    """Return a feature that answers GET on *rules*."""
    routes = Blueprint(blueprint or name, __name__, url_prefix="/v1", **options)
    for number, rule in enumerate(rules):

        @routes.get(rule, allow=anyone, endpoint=f"view_{number}")
        @routes.response(200, schema)
        def view(**_arguments):
            """Answer"""
            return {}

    return feature(name, blueprints=[routes])


def faults_of(*manifests, **values):
    """Return what does not fit in a deployment of *manifests*."""
    return compose(read_deployment({"environment": "testing", **values}), manifests).faults


class TestBlueprints:
    @pytest.mark.provokes("K402")
    def test_of_two_features(self):
        """Both owners are named with file and line, and who would have won."""
        [fault] = faults_of(
            serving("reviews", "/reviews", blueprint="things"),
            serving("ratings", "/ratings", blueprint="things"),
        )

        first, one, other, winner = fault.what.splitlines()
        assert (fault.code, fault.where) == ("K402", "'ratings' (handed to create_app)")
        assert first == "its blueprint 'things' is also one of 'reviews' (handed to create_app)."
        assert HERE in one
        assert HERE in other
        assert winner == "reviews would answer, without a warning"

    @pytest.mark.provokes("K402")
    def test_of_one_feature(self):
        """Two blueprints of one name within a feature would have stopped the boot later."""
        both = [Blueprint("reviews", __name__), Blueprint("reviews", __name__)]

        [fault] = faults_of(feature("reviews", blueprints=both))

        assert fault.code == "K402"

    @pytest.mark.provokes("K402")
    def test_of_the_host(self):
        """The host's own names are taken."""
        [fault] = faults_of(serving("reviews", "/reviews", blueprint="health"))

        assert fault.code == "K402"
        assert fault.what.startswith("its blueprint 'health' is also one of the host's.")

    @pytest.mark.provokes("K402")
    def test_two_views_of_one_endpoint(self):
        """Flask would have found out at the registration, with a traceback."""
        blueprint = Blueprint("reviews", __name__, url_prefix="/v1")

        @blueprint.get("/one", allow=anyone, endpoint="same")
        @blueprint.response(200)
        def one():
            """Answer"""

        @blueprint.get("/other", allow=anyone, endpoint="same")
        @blueprint.response(200)
        def other():
            """Answer"""

        [fault] = faults_of(feature("reviews", blueprints=[blueprint]))

        first, *places = fault.what.splitlines()
        assert fault.code == "K402"
        assert first == "its endpoint 'reviews.same' is the name of two views."
        assert all(HERE in place for place in places)


class TestNames:
    @pytest.mark.provokes("K405", "K406")
    @pytest.mark.parametrize(
        ("part", "code"),
        [("publishes=['thing.made']", "K405"), ("permissions={'thing.made': 'Make.'}", "K406")],
    )
    def test_are_found_in_the_wheels(self, wheels, part, code):
        """Events and permissions of two wheels: file and line of both."""
        for name in ("reviews", "ratings"):
            source = f"""
                from mercato_kit.feature import Feature

                feature = Feature(name="{name}", summary="For a test.", {part})
            """
            install(wheels, name, source, module=f"named_{name}")
            sys.modules.pop(f"named_{name}", None)

        [fault] = faults_of(features={"reviews": {}, "ratings": {}})

        first, one, other, _ = fault.what.splitlines()
        assert fault.code == code
        assert first.endswith("'thing.made' is also one of mercato-reviews 1.0 ('reviews').")
        assert one == f"{wheels / 'named_reviews.py'}:4"
        assert other == f"{wheels / 'named_ratings.py'}:4"


class CardItemSchema(Schema):
    text = Text()


class ItemSchema(Schema):
    text = Text()


class TestComponents:
    @pytest.mark.provokes("K407")
    def test_of_one_name(self, tmp_path):
        """GiftCardItem of 'gift' and of 'gift_card' would be told apart by the order of loading."""
        manifests = [
            serving("gift", "/gift", schema=CardItemSchema),
            serving("gift_card", "/card", schema=ItemSchema),
        ]
        values = {"environment": "testing", "database": {"url": f"sqlite:///{tmp_path}/db"}}

        with pytest.raises(DeploymentError) as refused:
            create_app(read_deployment(values), features=manifests)

        [fault] = refused.value.faults
        assert (fault.code, fault.where) == ("K407", "'gift_card' (handed to create_app)")
        assert fault.what == (
            "two schemas have the name GiftCardItem in the API document:\n"
            f"{__name__}.CardItemSchema of 'gift' (handed to create_app)\n"
            f"{__name__}.ItemSchema"
        )


class TestGrants:
    @pytest.mark.provokes("K408")
    def test_templates(self):
        """Templates and filters share one space of names: a feature brings none."""
        routes = serving("reviews", "/reviews", template_folder="pages").blueprints[0]
        routes.add_app_template_filter(str.upper, "loud")

        [fault] = faults_of(feature("reviews", blueprints=[routes]))

        assert fault.code == "K408"
        assert "its blueprint 'reviews' calls add_app_template_filter()." in fault.what
        assert "has templates:\npages" in fault.what

    @pytest.mark.provokes("K409")
    @pytest.mark.parametrize(
        ("hook", "own"),
        [
            ("before_app_request", "before_request"),
            ("after_app_request", "after_request"),
            ("teardown_app_request", "teardown_request"),
            ("app_url_value_preprocessor", "url_value_preprocessor"),
        ],
    )
    def test_hooks(self, hook, own):
        """What a feature hooks into everybody's requests is refused, with file and line."""
        routes = serving("reviews", "/reviews").blueprints[0]

        @getattr(routes, hook)
        def meddle(*_arguments):
            """See requests of others."""

        [fault] = faults_of(feature("reviews", blueprints=[routes]))

        first, place = fault.what.splitlines()
        assert fault.code == "K409"
        assert first.startswith(f"its blueprint 'reviews' calls {hook}(), which affects ")
        assert HERE in place
        assert fault.fix.endswith(f"or call {own}(), which affects its own requests only")

    @pytest.mark.provokes("K409")
    def test_error_handlers(self):
        """Only the host turns an error into an answer."""
        routes = serving("reviews", "/reviews").blueprints[0]
        routes.app_errorhandler(LookupError)(lambda error: "oh")
        routes.record(lambda state: None)

        found = faults_of(feature("reviews", blueprints=[routes]))

        assert [fault.code for fault in found] == ["K409", "K409"]
        assert "calls app_errorhandler()" in found[0].what
        assert "calls record()" in found[1].what

    @pytest.mark.provokes("K106")
    def test_a_callback_that_raises(self):
        """What a blueprint cannot do to an app is a fault of its feature, not a traceback."""
        routes = serving("reviews", "/reviews").blueprints[0]
        routes.record(lambda state: state.app.nothing)

        found = faults_of(feature("reviews", blueprints=[routes]))

        assert [fault.code for fault in found] == ["K106", "K409"]
        assert found[0].what.startswith("its routes cannot be registered: AttributeError: ")

    @pytest.mark.provokes("K409")
    def test_of_a_blueprint_within_one(self):
        """Blueprints within blueprints have no other grants."""
        inner = serving("inner", "/inner").blueprints[0]
        inner.before_app_request(lambda: None)
        outer = serving("reviews", "/reviews").blueprints[0]
        outer.register_blueprint(inner)

        [fault] = faults_of(feature("reviews", blueprints=[outer]))

        assert fault.code == "K409"

    def test_leaves_the_blueprint_open(self):
        """Flask refuses routes after a registration; the check is none."""
        routes = serving("reviews", "/reviews").blueprints[0]
        faults_of(feature("reviews", blueprints=[routes]))

        routes.before_request(lambda: None)

        assert faults_of(feature("reviews", blueprints=[routes])) == ()

    def test_its_own_requests_are_its_own(self):
        """Hooks of the blueprint meet its own routes only."""
        routes = serving("reviews", "/reviews").blueprints[0]
        routes.before_request(lambda: None)

        assert faults_of(feature("reviews", blueprints=[routes])) == ()


class TestShadows:
    @pytest.mark.provokes("K411")
    def test_a_word_in_front_of_a_variable(self):
        """The message has an address, who answers it, and who never receives it."""
        [fault] = faults_of(
            serving("things", "/things/<name>"),
            serving("sales", "/things/sale"),
        )

        first, one, other, last = fault.what.splitlines()
        assert (fault.code, fault.where) == ("K411", "'sales' (handed to create_app)")
        assert first == (
            "GET /v1/things/sale and /v1/things/<name> of things match one address: /v1/things/sale"
        )
        assert HERE in one
        assert HERE in other
        assert last == "sales answers it, and things never receives it"
        assert 'mount = "/sales" in [features.sales] of deployment.toml' in fault.fix

    @pytest.mark.provokes("K411")
    def test_an_address_of_the_host(self):
        """A feature that takes every word meets the host's own addresses."""
        routes = Blueprint("pages", __name__)

        @routes.get("/<name>", allow=anyone)
        @routes.response(200)
        def page(name):
            """Answer"""

        found = faults_of(feature("pages", blueprints=[routes]))

        assert {fault.code for fault in found} == {"K411"}
        assert any("and /healthz of the host match one address" in one.what for one in found)

    @pytest.mark.parametrize(
        ("one", "other", "address"),
        [
            ("/a/<x>", "/a/b", "/a/b"),
            ("/a/<x>/b", "/a/c/<y>", "/a/c/b"),
            ("/a/<int:x>", "/a/<y>", "/a/7"),
            ("/<path:x>", "/a/b/c", "/a/b/c"),
            ("/a/<path:x>/end", "/a/b/c/<y>", "/a/b/c/end"),
            ("/a/<any(b, c):x>", "/a/c", "/a/c"),
            ("/a/<any(b, c):x>", "/a/<any(c, d):y>", "/a/c"),
            ("/a/<string(length=2):x>", "/a/<y>", "/a/77"),
            ("/a/<int(min=1000):x>", "/a/<y>", "/a/7777"),
            ("/a/<x>.json", "/a/v-<y>", "/a/v-word.json"),
            ("/a/b/<path:x>", "/<path:y>/c/d", "/a/b/c/d"),
            ("/a/<int:x>", "/a/b", None),
            ("/a/<int:x>", "/a/<uuid:y>", None),
            ("/a/<uuid:x>", "/a/sale", None),
            ("/a/<any(b, c):x>", "/a/d", None),
            ("/a/<string(length=2):x>", "/a/sale", None),
            ("/a/<x>.json", "/a/<y>.xml", None),
            ("/a/<x>", "/a/b/c", None),
            ("/a/<x>", "/b/<y>", None),
            ("/a/<path:x>", "/b/c/d", None),
        ],
    )
    def test_addresses_in_common(self, one, other, address):
        """The order of two rules does not change the address that is found."""
        assert common_address(one, other) == address
        assert common_address(other, one) == address

    def test_of_one_feature_are_its_own_affair(self):
        """A feature knows its own rules."""
        assert faults_of(serving("things", "/things/<name>", "/things/sale")) == ()


class TestRules:
    @pytest.mark.provokes("K106")
    @pytest.mark.parametrize("rule", ["/things/<nothing:name>", "/things/<name>/<name>"])
    def test_that_cannot_be_served(self, rule):
        """They are found before Flask is asked."""
        [fault] = faults_of(serving("things", rule))

        assert fault.code == "K106"
        assert fault.what.startswith(f"the route /v1{rule} cannot be served: ")
