from typing import Protocol

import pytest
from svcs.exceptions import ServiceNotFoundError

from mercato_kit import services
from mercato_kit.composition import Answer, Composition, NotComposedError, RemoteTerms, compose
from mercato_kit.contracts import has_many, is_ordered, remote_methods
from mercato_kit.feature import Decorates, Feature, Offer

from .tips import Dry, Tips, Warm


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


class TestChosen:
    def test_gives_the_name_of_the_provider(self, boot, sqlite_url):
        """The name is that of the provider that answers, and it is said whether it is remote."""
        far = Offer(Weather, "1.0", Sunny, name="far", remote=True)
        app = boot(sqlite_url, features=[Feature(name="outside", summary="", offers=[far])])

        with app.app_context():
            found = services.chosen(Weather)

            assert (found.name, found.remote) == ("far", True)
            assert found.provider is services.get(Weather)

    def test_is_none_without_an_offer(self, boot, sqlite_url):
        """Without an offer there is none."""
        with boot(sqlite_url, features=[]).app_context():
            assert services.chosen(Weather) is None


class TestEach:
    @pytest.fixture
    def app(self, boot, sqlite_url):
        """Return an app with two answers to one contract, and another contract."""
        tips = [Offer(Tips, "1.0", Warm, name="warm"), Offer(Tips, "1.0", Dry, remote=True)]
        return boot(
            sqlite_url, features=[Feature(name="dry", summary="", offers=tips), _offering(Sunny)]
        )

    def test_gives_all_in_order(self, app):
        """All providers are given with their names, in the order of the composition."""
        with app.app_context():
            found = services.each(Tips)

        assert [(one.name, one.provider.tip(), one.remote) for one in found] == [
            ("warm", "warm", False),
            ("dry", "dry", True),
        ]

    def test_gives_one_instance_of_each_per_request(self, app):
        """Within a request the providers are the same, by whatever call; in the next they are new.

        Providers of one class have an instance each.
        """
        with app.app_context():
            first, second = services.each(Tips)
            assert services.each(Tips)[0].provider is first.provider
            assert services.named(Tips, "dry") is second.provider
        with app.app_context():
            assert services.each(Tips)[0].provider is not first.provider

    def test_gives_none_without_an_offer(self, boot, sqlite_url):
        """Without an offer there are no providers and no names."""
        with boot(sqlite_url, features=[]).app_context():
            assert (services.each(Tips), services.names(Tips)) == ((), ())

    def test_gives_one_by_name(self, app):
        """A provider is found by its name; there is None of another name."""
        with app.app_context():
            assert services.names(Tips) == ("warm", "dry")
            assert services.named(Tips, "warm").tip() == "warm"
            assert services.named(Tips, "hot") is None

    @pytest.mark.parametrize("ask", [services.get, services.find, services.chosen])
    def test_one_of_many_is_an_error(self, app, boot, sqlite_url, ask):
        """Who asks for the one provider of many gets an error that names each(), offers or not."""
        for some in (app, boot(sqlite_url, features=[])):
            with some.app_context(), pytest.raises(TypeError, match=r"services\.each\(\)"):
                ask(Tips)

    @pytest.mark.parametrize(
        "ask", [services.each, services.names, lambda contract: services.named(contract, "outside")]
    )
    def test_each_of_one_is_an_error(self, app, ask):
        """Who asks for all providers of a contract with one gets an error that names get()."""
        with app.app_context(), pytest.raises(TypeError, match=r"services\.get\(\)"):
            ask(Weather)

    def test_terms_of_remote_ones(self, app):
        """Of a remote provider the operator's terms are known; a local one has none."""
        with app.app_context():
            terms = services.remote_terms(Tips, "dry")

            assert (terms.seconds, terms.late) == (2.0, "refuse")
            assert services.remote_terms(Tips, "warm") is None
            assert services.fallback(Tips, "dry") is None

    def test_what_replaces_a_late_one(self, boot, sqlite_url):
        """The provider that replaces a late one is made once a request, and is no other answer."""
        near = Answer("near", Dry)
        answers = {Tips: (Answer("far", Warm, remote=RemoteTerms(1.0, "near", near)),)}
        app = boot(sqlite_url, features=[])
        compose(app, Composition((), {}, answers=answers))

        with app.app_context():
            found = services.fallback(Tips, "far")

            assert (found.name, found.provider.tip(), found.remote) == ("near", "dry", False)
            assert services.fallback(Tips, "far").provider is found.provider
            assert services.names(Tips) == ("far",)


class TestDecorators:
    def test_are_given_the_one_below(self, boot, sqlite_url):
        """The outermost decorator answers; each is given the one below it, the same per request."""
        app = boot(
            sqlite_url, features=[_offering(Sunny), _decorating("inner"), _decorating("outer")]
        )

        with app.app_context():
            answer = services.get(Weather)

            assert answer.now() == "outer inner sunny"
            assert services.get(Weather) is answer
            assert services.find(Weather) is answer
            assert services.chosen(Weather).name == "outside"
            assert services.chosen(Weather).provider is answer


class TestConstants:
    def test_are_those_of_the_module(self):
        """What the module of a contract says of it is known."""
        assert (has_many(Tips), is_ordered(Tips), remote_methods(Tips)) == (True, True, ("tip",))

    def test_have_defaults(self):
        """A contract whose module says nothing has one local answer."""
        found = (has_many(Weather), is_ordered(Weather), remote_methods(Weather))

        assert found == (False, False, ())


def _offering(factory):
    return Feature(name="outside", summary="", offers=[Offer(Weather, "1.0", factory)])


def _decorating(name):
    class Over:
        def __init__(self, below):
            self.below = below

        def now(self):
            return f"{name} {self.below.now()}"

    return Feature(name=name, summary="", decorates=[Decorates(Weather, "1.0", Over)])


class TestWithoutAnApp:
    @pytest.mark.parametrize("ask", [services.get, services.find])
    def test_raises(self, ask):
        """Outside of requests, jobs, handlers and commands, an error is raised."""
        with pytest.raises(NotComposedError):
            ask(Weather)
