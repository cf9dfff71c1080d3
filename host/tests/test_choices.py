"""What an operator may choose: to start without a feature, where it answers, who answers for it."""

from typing import Protocol
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import url_for

from mercato_host import config
from mercato_host import create_app
from mercato_host.faults import DeploymentError
from mercato_host.features import plan
from mercato_host.migrations.running import upgrade
from mercato_kit import services
from mercato_kit import work
from mercato_kit.db import session
from mercato_kit.events import Event
from mercato_kit.events import Handler
from mercato_kit.events import publish
from mercato_kit.feature import Check
from mercato_kit.feature import Feature
from mercato_kit.feature import Glue
from mercato_kit.feature import Need
from mercato_kit.feature import Offer
from mercato_kit.http import Blueprint
from mercato_kit.identity import anyone
from mercato_kit.models import InboxDelivery
from mercato_kit.settings import Settings

from . import notes
from .wheels import install


class Greeting(Protocol):
    """A contract of these tests; its id is the name of this module."""

    def greet(self) -> str:
        """Return a greeting."""
        ...


class Hello:
    def greet(self):
        """Fit the contract."""
        return "hello"


class Salute:
    def greet(self):
        """Fit the contract, too."""
        return "salute"


class Pages(Settings, frozen=True):
    per_page: int = 20


ID = __name__.rpartition(".")[2]


def blueprint_of(name, rule=None):
    """Return a blueprint that answers with a greeting, if somebody has one."""
    blueprint = Blueprint(name, __name__, url_prefix="/v1")

    @blueprint.get(rule or f"/{name}", allow=anyone)
    @blueprint.response(200)
    def look():
        """Look at it"""
        greeting = services.find(Greeting)
        place = url_for(f"{name}.look")
        return {"place": place, "greeting": greeting and greeting.greet()}

    return blueprint


def feature(name, **parts):
    """Return a manifest that has nothing but *parts*."""
    return Feature(name=name, summary="For a test.", **parts)


def tell(event):
    """Answer an event."""


def event_of(topic):
    """Return an event about a note."""
    return Event(
        topic=topic,
        aggregate_type="note",
        aggregate_id=UUID(int=1),
        aggregate_version=1,
        payload={},
    )


def hello(**parts):
    """Return a feature that offers a greeting."""
    return feature("hello", offers=[Offer(Greeting, "1.0", Hello)], **parts)


def salute(version="1.3", **parts):
    """Return another one."""
    return feature("salute", offers=[Offer(Greeting, version, Salute)], **parts)


def asks(**parts):
    """Return a feature with a route that asks for a greeting."""
    return feature("asks", blueprints=[blueprint_of("asks")], **parts)


def told(found):
    """Return codes and first lines of a plan's faults."""
    return [(fault.code, fault.severity, fault.what.splitlines()[0]) for fault in found.faults]


@pytest.fixture
def deployment(tmp_path):
    """A function that makes a testing deployment; its database is a file that may not be there."""

    def make(**tables):
        url = f"sqlite:///{tmp_path}/shop.db"
        return config.from_mapping({"environment": "testing", "database": {"url": url}, **tables})

    return make


@pytest.fixture
def client_of(deployment):
    """A function that boots manifests and returns a client; keywords are tables of the file."""

    def boot(*manifests, **tables):
        return create_app(deployment(**tables), features=manifests).test_client()

    return boot


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder that distributions can be installed into."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def assert_closed(answer, name):
    """A dormant feature answers 503 and says which it is (K504)."""
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert (answer.json["code"], answer.json["feature"], answer.json["state"]) == (
        "feature_disabled",
        name,
        "disabled",
    )


OPTIONAL = {"required": False}

BROKEN = """
    from mercato_kit.http import Blueprint
    from mercato_kit.identity import anyone

    blueprint = Blueprint("reviews", __name__, url_prefix="/v1")


    @blueprint.get("/reviews", allow=anyone)
    @blueprint.response(200)
    def list_reviews():
        return {}


    @blueprint.post("/reviews/<star:review_id>/answers", allow=anyone)
    def answer(review_id):
        return {}


    import a_module_that_is_away
"""


class TestRequired:
    @pytest.mark.provokes("K504")
    def test_a_feature_that_does_not_fit_is_closed_and_the_others_serve(self, client_of):
        """Bad settings of one feature cost its routes, not the shop."""
        bad = {"pages": {**OPTIONAL, "settings": {"per_page": "many"}}}
        pages = feature("pages", blueprints=[blueprint_of("pages")], settings=Pages)

        client = client_of(pages, asks(), features=bad)

        assert_closed(client.get("/v1/pages"), "pages")
        assert client.get("/v1/asks").status_code == 200
        assert "/v1/pages" not in client.get("/openapi.json").json["paths"]

    def test_what_needs_it_is_looked_at_in_the_same_way(self, client_of):
        """A feature that may be absent takes those along that may be absent without it."""
        bad = {"hello": {**OPTIONAL, "settings": {"x": 1}}, "asks": OPTIONAL}

        client = client_of(hello(), asks(needs=[Need(Greeting, ">=1,<2")]), features=bad)

        assert_closed(client.get("/v1/asks"), "asks")

    def test_what_must_be_there_and_needs_it_stops_the_boot(self, deployment):
        """A required feature without its need is an error, whoever allowed the other to go."""
        bad = {"hello": {**OPTIONAL, "settings": {"x": 1}}}

        found = plan(deployment(features=bad), [hello(), asks(needs=[Need(Greeting, ">=1,<2")])])

        assert not found.fits
        assert [(code, severity) for code, severity, _ in told(found)] == [
            ("K108", "error"),
            ("K203", "warning"),
        ]

    @pytest.mark.parametrize("turned", [False, True])
    def test_of_two_that_clash_the_one_that_may_be_absent_goes(self, client_of, turned):
        """The order in the file does not decide who stays."""
        one = feature("one", blueprints=[blueprint_of("one", "/things")])
        two = feature("two", blueprints=[blueprint_of("two", "/things")])
        manifests = [two, one] if turned else [one, two]

        client = client_of(*manifests, features={"one": OPTIONAL})

        assert client.get("/v1/things").json["place"] == "/v1/things"
        left_out = client.get("/readyz").json["left_out"]
        assert [(it["feature"], it["detail"][:4]) for it in left_out] == [("one", "K401")]

    def test_a_malformed_manifest_is_closed_as_far_as_it_can_be_read(self, client_of):
        """K106 in one field does not open the routes that another field lists."""
        bad = feature("bad", blueprints=[blueprint_of("bad"), "no blueprint"], needs=["catalog"])

        client = client_of(bad, features={"bad": OPTIONAL})

        assert_closed(client.get("/v1/bad"), "bad")

    def test_one_that_dies_at_import_is_closed_where_its_source_says(self, client_of, wheels):
        """Its manifest cannot be asked; the routes that its source declares are closed."""
        install(wheels, "reviews", BROKEN, module="reviews_that_die")

        client = client_of(features={"reviews": OPTIONAL})

        assert_closed(client.get("/v1/reviews"), "reviews")
        assert_closed(client.post("/v1/reviews/5/answers"), "reviews")
        assert client.get("/v1/other").status_code == 404

    def test_one_whose_source_is_no_python_closes_nothing_and_stops_nothing(
        self, client_of, wheels
    ):
        """Broken bytes on disk are one more way to be absent."""
        install(wheels, "reviews", "def (", module="reviews_that_are_no_python")

        client = client_of(features={"reviews": OPTIONAL})

        assert client.get("/v1/reviews").status_code == 404
        assert client.get("/readyz").json["left_out"][0]["feature"] == "reviews"

    def test_one_whose_wheel_is_gone_is_closed_under_its_mount(self, client_of):
        """Nothing is known of it but what the file says: everything under its mount is its own."""
        gone = {"reviews": {**OPTIONAL, "mount": "/reviews"}}

        client = client_of(asks(), features=gone)

        assert_closed(client.get("/reviews/v1/comments"), "reviews")
        assert_closed(client.delete("/reviews"), "reviews")
        assert client.get("/v1/asks").status_code == 200

    def test_one_whose_wheel_is_gone_and_that_has_no_mount_is_unknown(self, client_of):
        """Without a mount its addresses are nobody's: 404."""
        assert client_of(features={"reviews": OPTIONAL}).get("/v1/reviews").status_code == 404

    def test_is_said_in_readiness_and_metrics(self, client_of, deployment):
        """A degraded shop is ready, and says what it runs without."""
        upgrade(deployment().database_url, [])
        client = client_of(features={"reviews": OPTIONAL})

        ready, text = client.get("/readyz"), client.get("/metrics").text

        assert (ready.status_code, ready.json["status"]) == (200, "degraded")
        assert "mercato_degraded 1.0" in text
        assert 'mercato_left_out{feature="reviews"} 1.0' in text
        assert "mercato_degraded 0.0" in client_of().get("/metrics").text

    @pytest.mark.parametrize(
        ("required", "status", "word"), [(True, 503, "not ready"), (False, 200, "degraded")]
    )
    def test_its_own_checks_do_not_take_the_others_down(
        self, client_of, deployment, required, status, word
    ):
        """A feature that may be absent may also be ill."""
        upgrade(deployment().database_url, [])
        ill = feature("ill", health=[Check("mail", lambda: "nobody answers")])

        answer = client_of(ill, features={"ill": {"required": required}}).get("/readyz")

        assert (answer.status_code, answer.json["status"]) == (status, word)

    def test_events_wait_for_it(self, deployment):
        """What happens while a feature is away is delivered when it is back."""
        away = feature("away", handles=[Handler("note.added", tell)], settings=Pages)
        bad = {"away": {**OPTIONAL, "settings": {"per_page": "many"}}}
        chosen = deployment(features=bad)
        upgrade(chosen.database_url, [])
        app = create_app(chosen, features=[away, feature("writes", publishes=["note.added"])])
        event = event_of("note.added")

        with app.app_context():
            work.run(lambda: publish(event))
            waiting = session.scalars(sa.select(InboxDelivery.consumer)).all()

        assert waiting == ["away.tell"]


class TestMount:
    def test_moves_every_address_of_the_feature(self, client_of):
        """Rules, links and the API document follow; nothing answers at the old place."""
        client = client_of(asks(), features={"asks": {"mount": "/shop/one"}})

        assert client.get("/v1/asks").status_code == 404
        assert client.get("/shop/one/v1/asks").json["place"] == "/shop/one/v1/asks"
        assert list(client.get("/openapi.json").json["paths"]) == ["/shop/one/v1/asks"]

    def test_moves_link_headers(self, deployment):
        """The next page is where the first one was."""
        chosen = deployment(features={"notes": {"mount": "/shop"}})
        upgrade(chosen.database_url, [notes.feature])
        app = create_app(chosen, features=[notes.feature])
        with app.app_context():
            work.run(lambda: [notes.add(word) for word in ("one", "two")])
        client = app.test_client()

        first = client.get("/shop/v1/notes?limit=1")

        assert first.headers["Link"].startswith("</shop/v1/notes?limit=1&cursor=")
        place = first.headers["Link"].partition(">")[0].removeprefix("<")
        assert client.get(place).json["data"] != first.json["data"]

    @pytest.mark.provokes("K401")
    def test_ends_a_clash(self, client_of, deployment):
        """K401 names the line that helps, and it does."""
        manifests = [
            feature("one", blueprints=[blueprint_of("one", "/things")]),
            feature("two", blueprints=[blueprint_of("two", "/things")]),
        ]
        [fault] = plan(deployment(), manifests).faults

        assert fault.code == "K401"
        assert '[features.two] mount = "/two"' in fault.fix
        client = client_of(*manifests, features={"two": {"mount": "/two"}})
        assert client.get("/v1/things").json["place"] == "/v1/things"
        assert client.get("/two/v1/things").json["place"] == "/two/v1/things"

    def test_may_bring_a_clash(self, deployment):
        """Mounts are looked at, not only what features declare."""
        one = feature("one", blueprints=[blueprint_of("one", "/things")])
        two = feature("two", blueprints=[blueprint_of("two", "/a/v1/things")])
        features = {"one": {"mount": "/v1/a"}}

        assert plan(deployment(), [one, two]).fits
        assert [fault.code for fault in plan(deployment(features=features), [one, two]).faults] == [
            "K401"
        ]

    @pytest.mark.parametrize("mount", ["shop", "/shop/", "/", "/Shop", "/<name>", "/../x", 1])
    def test_is_a_plain_prefix(self, deployment, mount):
        """K202: no variables, no dots and slashes that lead elsewhere."""
        with pytest.raises(DeploymentError) as refused:
            deployment(features={"asks": {"mount": mount}})

        assert [fault.code for fault in refused.value.faults] == ["K202"]


class TestCapabilities:
    @pytest.mark.parametrize(("name", "said"), [("hello", "hello"), ("salute", "salute")])
    def test_the_chosen_one_answers(self, client_of, name, said):
        """Of two that offer a contract the operator's choice is asked, whatever their order."""
        client = client_of(hello(), salute(), asks(), capabilities={ID: name})

        assert client.get("/v1/asks").json["greeting"] == said

    @pytest.mark.provokes("K109")
    def test_the_chosen_one_must_do(self, deployment):
        """K109: that another one would have done is no help."""
        needs = [Need(Greeting, ">=1,<2")]
        manifests = [hello(), salute(version="2.0"), asks(needs=needs)]

        found = plan(deployment(capabilities={ID: "salute"}), manifests)

        [(code, _, what)] = told(found)
        assert code == "K109"
        assert "2.0 from 'salute'" in what
        assert "hello" not in what

    def test_the_other_one_makes_no_ring(self, deployment):
        """Who is not asked is not waited for."""
        circular = hello(needs=[Need(Salute, ">=1")])
        offers = [Offer(Salute, "1.0", Salute)]
        back = feature("back", needs=[Need(Greeting, ">=1,<2")], offers=offers)

        manifests = [circular, salute(), back]

        assert plan(deployment(capabilities={ID: "salute"}), manifests).fits
        found = plan(deployment(capabilities={ID: "hello"}), manifests)
        assert "K110" in [fault.code for fault in found.faults]

    @pytest.mark.parametrize(
        ("id_", "name", "code", "what"),
        [
            ("test_choice", "hello", "K203", f"Did you mean '{ID}'?"),
            (ID, "helo", "K202", "Did you mean 'hello'?"),
            (ID, "asks", "K202", f"no enabled feature of this name offers {ID}."),
        ],
    )
    def test_a_choice_that_nobody_can_follow(self, deployment, id_, name, code, what):
        """K202, K203: it is not passed over in silence."""
        found = plan(deployment(capabilities={id_: name}), [hello(), asks()])

        [(its_code, severity, its_what)] = told(found)
        assert (its_code, severity) == (code, "error")
        assert what in its_what


def waits(**parts):
    """Return a feature with glue that waits for a greeting."""
    return feature("waits", glue=[Glue(when=[Need(Greeting, ">=1,<2")], **parts)])


class TestGlue:
    def test_is_composed_where_the_contract_is_offered(self, client_of):
        """A route that makes sense only with another feature is there only with it."""
        glue = {"blueprints": [blueprint_of("glued")]}

        alone, together = client_of(waits(**glue)), client_of(waits(**glue), hello())

        assert alone.get("/v1/glued").status_code == 404
        assert alone.get("/openapi.json").json["paths"] == {}
        assert together.get("/v1/glued").json["greeting"] == "hello"

    def test_is_not_composed_with_another_version(self, client_of):
        """A contract of another major is another contract."""
        client = client_of(waits(blueprints=[blueprint_of("glued")]), salute(version="2.0"))

        assert client.get("/v1/glued").status_code == 404

    def test_may_wait_for_a_feature_by_name(self, client_of):
        """For features that offer no contract, and only publish."""
        glue = Glue(when=["asks"], blueprints=[blueprint_of("glued")])
        glued = feature("glued", glue=[glue])

        assert client_of(glued).get("/v1/glued").status_code == 404
        assert client_of(glued, asks()).get("/v1/glued").status_code == 200

    def test_is_gone_with_a_feature_that_is_left_out(self, client_of):
        """What waits for an optional feature leaves with it; the rest stays."""
        features = {"hello": {**OPTIONAL, "settings": {"x": 1}}}

        client = client_of(waits(blueprints=[blueprint_of("glued")]), hello(), features=features)

        assert client.get("/v1/glued").status_code == 404

    def test_may_offer_what_other_glue_waits_for(self, client_of):
        """It goes on until nothing is added, in whatever order."""
        first = feature("zzz", glue=[Glue(when=["asks"], offers=[Offer(Greeting, "1.0", Hello)])])

        client = client_of(waits(blueprints=[blueprint_of("glued")]), first, asks())

        assert client.get("/v1/glued").json["greeting"] == "hello"

    def test_brings_handlers_and_jobs(self, deployment):
        """Everything that runs by itself can wait for company."""
        handler = Handler("note.added", tell)

        found = plan(deployment(), [waits(handles=[handler]), hello()])

        manifests = {one.name: one.manifest for one in found.features}
        assert list(manifests["waits"].handles) == [handler]
        assert not plan(deployment(), [waits(handles=[handler])]).features[0].manifest.handles

    def test_is_no_need(self, deployment):
        """Two features may wait for each other: glue makes no ring, and no order."""
        offers = [Offer(Salute, "1.0", Salute)]
        one = hello(glue=[Glue(when=["waits"], blueprints=[blueprint_of("one")])])
        two = feature("waits", needs=[Need(Greeting, ">=1")], offers=offers)

        assert plan(deployment(), [one, two]).fits

    def test_is_checked_like_everything_else(self, deployment):
        """K401: a route of glue has one owner as well, once it is composed."""
        clash = waits(blueprints=[blueprint_of("glued", "/asks")])

        assert plan(deployment(), [clash, asks()]).fits
        assert [f.code for f in plan(deployment(), [clash, asks(), hello()]).faults] == ["K401"]

    @pytest.mark.parametrize(
        ("glue", "field"),
        [
            ("glue", "glue"),
            (["glue"], "glue[0]"),
            ([Glue(when=[])], "glue[0].when"),
            ([Glue(when="asks")], "glue[0].when"),
            ([Glue(when=[1])], "glue[0].when[0]"),
            ([Glue(when=[Need(Greeting, "one")])], "glue[0].when[0].versions"),
            ([Glue(when=["asks"], offers=1)], "glue[0].offers"),
        ],
    )
    def test_what_its_types_forbid(self, deployment, glue, field):
        """K106 names the field."""
        [fault] = plan(deployment(), [feature("waits", glue=glue), asks()]).faults

        assert (fault.code, fault.what.partition(" is ")[0]) == ("K106", field)
