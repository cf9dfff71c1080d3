"""Where a feature answers: what an operator puts in front of its addresses."""

import pytest

from mercato_composition.faults import DeploymentError
from mercato_composition.features.plan import compose
from mercato_database.runner import upgrade
from mercato_host import create_app
from mercato_kit import work
from mercato_testing.samples import notes

from .greeting import asks, blueprint_of
from .manifests import feature


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
        [fault] = compose(deployment(), manifests).faults

        assert fault.code == "K401"
        assert 'mount = "/two" in [features.two]' in fault.fix
        client = client_of(*manifests, features={"two": {"mount": "/two"}})
        assert client.get("/v1/things").json["place"] == "/v1/things"
        assert client.get("/two/v1/things").json["place"] == "/two/v1/things"

    def test_may_bring_a_clash(self, deployment):
        """Mounts are looked at, not only what features declare."""
        one = feature("one", blueprints=[blueprint_of("one", "/things")])
        two = feature("two", blueprints=[blueprint_of("two", "/a/v1/things")])
        features = {"one": {"mount": "/v1/a"}}

        assert compose(deployment(), [one, two]).fits
        assert [
            fault.code for fault in compose(deployment(features=features), [one, two]).faults
        ] == ["K401"]

    @pytest.mark.parametrize("mount", ["shop", "/shop/", "/", "/Shop", "/<name>", "/../x", 1])
    def test_is_a_plain_prefix(self, deployment, mount):
        """K202: no variables, no dots and slashes that lead elsewhere."""
        with pytest.raises(DeploymentError) as refused:
            deployment(features={"asks": {"mount": mount}})

        assert [fault.code for fault in refused.value.faults] == ["K202"]
