from typing import Protocol

import pytest
from svcs.exceptions import ServiceNotFoundError

from mercato_kit import services
from mercato_kit.composition import Composition
from mercato_kit.composition import current_composition
from mercato_kit.events import Handler
from mercato_kit.feature import Feature
from mercato_kit.feature import Need
from mercato_kit.feature import Offer
from mercato_kit.feature import contract_id


class Weather(Protocol):
    """Says how it is outside."""

    def now(self) -> str:
        """Say how it is."""
        ...


class Sunny:
    def now(self):
        """Say how it is."""
        return "sunny"


class Rainy:
    def now(self):
        """Say how it is."""
        return "rainy"


def react(event):
    """Answer an event."""


def react_too(event):
    """Answer it as well."""


ONE = Feature(
    name="one",
    summary="",
    permissions={"one.read": "read"},
    handles=[Handler("a.happened", react), Handler("a.happened", react_too)],
)
TWO = Feature(
    name="two",
    summary="",
    permissions={"two.read": "read"},
    handles=[Handler("a.happened", react), Handler("b.happened", react_too)],
)


class TestComposition:
    def test_knows_every_permission(self):
        """Permissions are those that the composed features declare."""
        assert Composition((ONE, TWO), {}).permissions == {"one.read", "two.read"}
        assert Composition((ONE,), {}).permissions == {"one.read"}

    def test_knows_who_answers_an_event(self):
        """Consumers are named by feature and handler, in dependency order."""
        composition = Composition((ONE, TWO), {})

        assert composition.consumers_of("a.happened") == [
            "one.react",
            "one.react_too",
            "two.react",
        ]
        assert composition.consumers_of("nothing.happened") == []
        assert composition.handlers["two.react_too"].topic == "b.happened"


class TestCurrentComposition:
    def test_is_that_of_the_app(self, boot, sqlite_url):
        """Two apps in one process know each only their own features."""
        first = boot(sqlite_url, features=[ONE])
        second = boot(sqlite_url, features=[TWO])

        with first.app_context():
            assert current_composition().features == (ONE,)
        with second.app_context():
            assert current_composition().features == (TWO,)


class TestServices:
    def test_gives_what_a_feature_offers(self, boot, sqlite_url):
        """A contract is answered by the provider of this app."""
        sunny = boot(sqlite_url, features=[_offering(Sunny)])
        rainy = boot(sqlite_url, features=[_offering(Rainy)])

        with sunny.app_context():
            assert services.get(Weather).now() == "sunny"
        with rainy.app_context():
            assert services.get(Weather).now() == "rainy"

    def test_gives_one_instance_a_request(self, boot, sqlite_url):
        """Within a request the provider is the same; the next request has another."""
        app = boot(sqlite_url, features=[_offering(Sunny)])

        with app.app_context():
            first = services.get(Weather)
            assert services.get(Weather) is first
        with app.app_context():
            assert services.get(Weather) is not first

    def test_says_what_nobody_offers(self, boot, sqlite_url):
        """Without an offer, get() is a fault and find() finds nothing."""
        app = boot(sqlite_url, features=[ONE])

        with app.app_context():
            assert services.find(Weather) is None
            with pytest.raises(ServiceNotFoundError):
                services.get(Weather)

    def test_finds_what_is_offered(self, boot, sqlite_url):
        """find() gives the provider where there is one."""
        app = boot(sqlite_url, features=[_offering(Sunny)])

        with app.app_context():
            assert services.find(Weather).now() == "sunny"


class TestContractId:
    def test_is_the_name_of_its_module(self):
        """Needs and offers of one contract have one id."""
        assert contract_id(Weather) == "test_composition"
        assert Need(Weather, ">=1,<2").id == Offer(Weather, "1.0", Sunny).id == "test_composition"


def _offering(factory):
    return Feature(name="outside", summary="", offers=[Offer(Weather, "1.0", factory)])
