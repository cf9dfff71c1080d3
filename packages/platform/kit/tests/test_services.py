from typing import Protocol

import pytest
from svcs.exceptions import ServiceNotFoundError

from mercato_kit import services
from mercato_kit.composition import NotComposedError
from mercato_kit.feature import Feature
from mercato_kit.feature import Offer


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


class TestGet:
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
        """Without an offer, asking is a fault: the manifest should have stated the need."""
        app = boot(sqlite_url, features=[])

        with app.app_context(), pytest.raises(ServiceNotFoundError):
            services.get(Weather)


class TestFind:
    def test_finds_what_is_offered(self, boot, sqlite_url):
        """Where a feature offers the contract, its provider is found."""
        app = boot(sqlite_url, features=[_offering(Sunny)])

        with app.app_context():
            assert services.find(Weather).now() == "sunny"

    def test_finds_nothing_where_nobody_offers(self, boot, sqlite_url):
        """Without an offer nothing is found, and that is no fault."""
        app = boot(sqlite_url, features=[])

        with app.app_context():
            assert services.find(Weather) is None


def _offering(factory):
    return Feature(name="outside", summary="", offers=[Offer(Weather, "1.0", factory)])


class TestTooEarly:
    @pytest.mark.parametrize("ask", [services.get, services.find])
    def test_there_is_nobody_to_answer(self, ask):
        """Outside of a request, job, handler or command no provider is known."""
        with pytest.raises(NotComposedError):
            ask(Weather)
