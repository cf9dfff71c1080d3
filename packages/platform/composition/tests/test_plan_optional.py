"""Optional features: the shop starts without those that have faults, and closes their routes."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from mercato_composition.features.plan import compose
from mercato_database.runner import upgrade
from mercato_host import create_app
from mercato_kit import work
from mercato_kit.db import session
from mercato_kit.events import Event, Handler
from mercato_kit.feature import Check, Need
from mercato_kit.models import InboxDelivery
from mercato_kit.outbox import publish
from mercato_kit.settings import Settings
from mercato_testing.samples.wheels import GOOD, install

from .greeting import Greeting, asks, blueprint_of, hello
from .manifests import feature, planned


class Pages(Settings, frozen=True):
    per_page: int = 20


OPTIONAL = {"required": False}

BROKEN = """
    from mercato_kit.http import Blueprint
    from mercato_kit.policies import anyone

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


def assert_closed(answer, name):
    """Assert that a URL of a feature that was left out answers 503 with its name (K504)."""
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert (answer.json["code"], answer.json["feature"], answer.json["state"]) == (
        "feature_disabled",
        name,
        "disabled",
    )


def tell(event):
    """Handle an event."""


def event_of(topic):
    """Return an event about a note."""
    return Event(
        topic=topic,
        aggregate_type="note",
        aggregate_id=UUID(int=1),
        aggregate_version=1,
        payload={},
    )


class TestOptionalFeatures:
    def test_are_left_out_with_a_warning(self, wheels):
        """The deployment starts without an optional feature, with a warning."""
        install(wheels, "reviews", "1 / 0")

        found = planned(values={"features": {"reviews": {"required": False}}})

        assert found.fits
        assert [(fault.code, fault.severity) for fault in found.faults] == [("K103", "warning")]
        assert found.left_out["reviews"].startswith("K103: importing ")

    def test_take_those_with_them_that_need_them_and_are_optional(self, wheels):
        """An optional feature that needs one left out is left out as well."""
        install(wheels, "hello", GOOD.format(name="hello"), requires=["mercato-kit>=9"])
        values = {"features": {"hello": {"required": False}, "reviews": {"required": False}}}

        found = planned(feature("reviews", needs=[Need(Greeting, ">=1")]), values=values)

        assert found.fits
        assert set(found.left_out) == {"hello", "reviews"}
        assert {one.name for one in found.absent} == {"hello", "reviews"}


class TestRequired:
    @pytest.mark.provokes("K504")
    def test_a_feature_that_does_not_fit_is_closed_and_the_others_serve(self, client_of):
        """Invalid settings of an optional feature close its routes; the shop still serves."""
        bad = {"pages": {**OPTIONAL, "settings": {"per_page": "many"}}}
        pages = feature("pages", blueprints=[blueprint_of("pages")], settings=Pages)

        client = client_of(pages, asks(), features=bad)

        assert_closed(client.get("/v1/pages"), "pages")
        assert client.get("/v1/asks").status_code == 200
        assert "/v1/pages" not in client.get("/openapi.json").json["paths"]

    def test_what_needs_it_is_looked_at_in_the_same_way(self, client_of):
        """Optional features that need one left out are closed, too."""
        bad = {"hello": {**OPTIONAL, "settings": {"x": 1}}, "asks": OPTIONAL}

        client = client_of(hello(), asks(needs=[Need(Greeting, ">=1,<2")]), features=bad)

        assert_closed(client.get("/v1/asks"), "asks")

    def test_what_must_be_there_and_needs_it_stops_the_boot(self, deployment):
        """A required feature is never left out: its need of a feature left out is an error."""
        bad = {"hello": {**OPTIONAL, "settings": {"x": 1}}}

        found = compose(deployment(features=bad), [hello(), asks(needs=[Need(Greeting, ">=1,<2")])])

        assert not found.fits
        assert [(fault.code, fault.severity) for fault in found.faults] == [
            ("K108", "error"),
            ("K203", "warning"),
        ]

    @pytest.mark.parametrize("turned", [False, True])
    def test_of_two_that_clash_the_one_that_may_be_absent_goes(self, client_of, turned):
        """Of two that clash the optional one is left out, in whatever order they are named."""
        one = feature("one", blueprints=[blueprint_of("one", "/things")])
        two = feature("two", blueprints=[blueprint_of("two", "/things")])
        manifests = [two, one] if turned else [one, two]

        client = client_of(*manifests, features={"one": OPTIONAL})

        assert client.get("/v1/things").json["place"] == "/v1/things"
        left_out = client.get("/readyz").json["left_out"]
        assert [(it["feature"], it["detail"][:4]) for it in left_out] == [("one", "K401")]

    def test_a_malformed_manifest_is_closed_as_far_as_it_can_be_read(self, client_of):
        """An optional feature with an invalid field (K106) is closed on all its listed routes."""
        bad = feature("bad", blueprints=[blueprint_of("bad"), "no blueprint"], needs=["catalog"])

        client = client_of(bad, features={"bad": OPTIONAL})

        assert_closed(client.get("/v1/bad"), "bad")

    def test_one_that_dies_at_import_answers_404(self, client_of, wheels):
        """URLs of a feature that fails at import answer 404, since its routes are unknown."""
        install(wheels, "reviews", BROKEN, module="reviews_that_die")

        client = client_of(features={"reviews": OPTIONAL})

        assert client.get("/v1/reviews").status_code == 404
        assert client.get("/readyz").json["left_out"][0]["feature"] == "reviews"

    def test_one_whose_source_is_no_python_stops_nothing(self, client_of, wheels):
        """An optional feature with invalid source code does not prevent the start."""
        install(wheels, "reviews", "def (", module="reviews_that_are_no_python")

        client = client_of(features={"reviews": OPTIONAL})

        assert client.get("/v1/reviews").status_code == 404
        assert client.get("/readyz").json["left_out"][0]["feature"] == "reviews"

    def test_one_whose_wheel_is_gone_is_closed_under_its_mount(self, client_of):
        """All URLs under the mount of a missing feature answer 503."""
        gone = {"lamps": {**OPTIONAL, "mount": "/lamps"}}

        client = client_of(asks(), features=gone)

        assert_closed(client.get("/lamps/v1/comments"), "lamps")
        assert_closed(client.delete("/lamps"), "lamps")
        assert client.get("/v1/asks").status_code == 200

    def test_one_whose_wheel_is_gone_and_that_has_no_mount_is_unknown(self, client_of):
        """URLs of a missing feature without a mount answer 404."""
        assert client_of(features={"lamps": OPTIONAL}).get("/v1/lamps").status_code == 404

    def test_is_said_in_readiness_and_metrics(self, client_of, deployment):
        """A shop without an optional feature is ready, and names the feature."""
        upgrade(deployment().database_url, [])
        client = client_of(features={"lamps": OPTIONAL})

        ready, text = client.get("/readyz"), client.get("/metrics").text

        assert (ready.status_code, ready.json["status"]) == (200, "degraded")
        assert "mercato_degraded 1.0" in text
        assert 'mercato_left_out{feature="lamps"} 1.0' in text
        assert "mercato_degraded 0.0" in client_of().get("/metrics").text

    @pytest.mark.parametrize(
        ("required", "status", "word"), [(True, 503, "not ready"), (False, 200, "degraded")]
    )
    def test_its_own_checks_do_not_take_the_others_down(
        self, client_of, deployment, required, status, word
    ):
        """A failing health check of an optional feature does not make the shop unready."""
        upgrade(deployment().database_url, [])
        ill = feature("ill", health=[Check("mail", lambda: "no response")])

        answer = client_of(ill, features={"ill": {"required": required}}).get("/readyz")

        assert (answer.status_code, answer.json["status"]) == (status, word)

    def test_events_wait_for_it(self, deployment):
        """Events published while a feature is left out are delivered once it is back."""
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
