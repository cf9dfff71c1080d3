"""Glue: parts of a feature that are active only beside other features."""

import pytest

from mercato_composition.features.plan import compose
from mercato_kit.events import Handler
from mercato_kit.feature import Glue, Need, Offer

from .greeting import Greeting, Hello, Salute, asks, blueprint_of, hello, salute
from .manifests import feature


def tell(event):
    """Handle an event."""


def waits(**parts):
    """Return a feature with glue that waits for a greeting."""
    return feature("waits", glue=[Glue(when=[Need(Greeting, ">=1,<2")], **parts)])


class TestGlue:
    def test_is_composed_where_the_contract_is_offered(self, client_of):
        """A route of glue exists only if another feature offers the contract."""
        glue = {"blueprints": [blueprint_of("glued")]}

        alone, together = client_of(waits(**glue)), client_of(waits(**glue), hello())

        assert alone.get("/v1/glued").status_code == 404
        assert alone.get("/openapi.json").json["paths"] == {}
        assert together.get("/v1/glued").json["greeting"] == "hello"

    def test_is_not_composed_with_another_version(self, client_of):
        """An offer outside the range does not meet the condition."""
        client = client_of(waits(blueprints=[blueprint_of("glued")]), salute(version="2.0"))

        assert client.get("/v1/glued").status_code == 404

    def test_may_wait_for_a_feature_by_name(self, client_of):
        """Glue may wait for a feature by name, for example one that only publishes events."""
        glue = Glue(when=["asks"], blueprints=[blueprint_of("glued")])
        glued = feature("glued", glue=[glue])

        assert client_of(glued).get("/v1/glued").status_code == 404
        assert client_of(glued, asks()).get("/v1/glued").status_code == 200

    def test_is_gone_with_a_feature_that_is_left_out(self, client_of):
        """Glue that waits for an optional feature is inactive without it; the rest stays active."""
        features = {"hello": {"required": False, "settings": {"x": 1}}}

        client = client_of(waits(blueprints=[blueprint_of("glued")]), hello(), features=features)

        assert client.get("/v1/glued").status_code == 404

    def test_may_offer_what_other_glue_waits_for(self, client_of):
        """Glue is added repeatedly, in any order of features, until nothing changes."""
        first = feature("zzz", glue=[Glue(when=["asks"], offers=[Offer(Greeting, "1.0", Hello)])])

        client = client_of(waits(blueprints=[blueprint_of("glued")]), first, asks())

        assert client.get("/v1/glued").json["greeting"] == "hello"

    def test_brings_handlers_and_jobs(self, deployment):
        """Handlers and jobs can be parts of glue."""
        handler = Handler("note.added", tell)

        found = compose(deployment(), [waits(handles=[handler]), hello()])

        manifests = {one.name: one.manifest for one in found.features}
        assert list(manifests["waits"].handles) == [handler]
        assert not compose(deployment(), [waits(handles=[handler])]).features[0].manifest.handles

    def test_is_no_need(self, deployment):
        """Two features may wait for each other: glue causes no ring and no order."""
        offers = [Offer(Salute, "1.0", Salute)]
        one = hello(glue=[Glue(when=["waits"], blueprints=[blueprint_of("one")])])
        two = feature("waits", needs=[Need(Greeting, ">=1")], offers=offers)

        assert compose(deployment(), [one, two]).fits

    def test_is_checked_like_everything_else(self, deployment):
        """K401: a route of active glue may clash like any other."""
        clash = waits(blueprints=[blueprint_of("glued", "/asks")])

        assert compose(deployment(), [clash, asks()]).fits
        assert [f.code for f in compose(deployment(), [clash, asks(), hello()]).faults] == ["K401"]

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
        """K106 names the field of the glue."""
        [fault] = compose(deployment(), [feature("waits", glue=glue), asks()]).faults

        assert (fault.code, fault.what.partition(" is ")[0]) == ("K106", field)
