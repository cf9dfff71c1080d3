from typing import Protocol

import pytest
from svcs.exceptions import ServiceNotFoundError

from mercato_kit import services
from mercato_kit.composition import NotComposedError
from mercato_kit.feature import Feature, Offer


class Weather(Protocol):
    """A contract about the weather."""

    def now(self) -> str:
        """Return the weather."""
        ...


class Sunny:
    def now(self):
        """Return the weather."""
        return "sunny"


class Rainy:
    def now(self):
        """Return the weather."""
        return "rainy"


class TestGet:
    def test_returns_the_provider(self, boot, sqlite_url):
        """The provider is the one of the current app."""
        sunny = boot(sqlite_url, features=[_offering(Sunny)])
        rainy = boot(sqlite_url, features=[_offering(Rainy)])

        with sunny.app_context():
            assert services.get(Weather).now() == "sunny"
        with rainy.app_context():
            assert services.get(Weather).now() == "rainy"

    def test_returns_one_instance_per_request(self, boot, sqlite_url):
        """The provider is the same within a request, and new in the next one."""
        app = boot(sqlite_url, features=[_offering(Sunny)])

        with app.app_context():
            first = services.get(Weather)
            assert services.get(Weather) is first
        with app.app_context():
            assert services.get(Weather) is not first

    def test_raises_without_an_offer(self, boot, sqlite_url):
        """Without an offer, an error is raised."""
        app = boot(sqlite_url, features=[])

        with app.app_context(), pytest.raises(ServiceNotFoundError):
            services.get(Weather)


class TestFind:
    def test_returns_the_provider(self, boot, sqlite_url):
        """If a feature offers the contract, its provider is returned."""
        app = boot(sqlite_url, features=[_offering(Sunny)])

        with app.app_context():
            assert services.find(Weather).now() == "sunny"

    def test_returns_none_without_an_offer(self, boot, sqlite_url):
        """Without an offer, None is returned."""
        app = boot(sqlite_url, features=[])

        with app.app_context():
            assert services.find(Weather) is None


def _offering(factory):
    return Feature(name="outside", summary="", offers=[Offer(Weather, "1.0", factory)])


class TestWithoutAnApp:
    @pytest.mark.parametrize("ask", [services.get, services.find])
    def test_raises(self, ask):
        """Outside of requests, jobs, handlers and commands, an error is raised."""
        with pytest.raises(NotComposedError):
            ask(Weather)
