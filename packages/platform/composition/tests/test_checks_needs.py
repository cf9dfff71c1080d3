"""Needs and offers of contracts between features."""

from typing import Protocol

import pytest

from mercato_kit.feature import Need, Offer
from mercato_testing.samples.wheels import install

from .greeting import Greeting, Hello, hello, salute
from .manifests import codes, feature, planned, rendered
from .productions import REASON, planned as in_production


class Farewell(Protocol):
    """Another contract; its id is the name of this module."""

    def leave(self) -> str:
        """Return a farewell."""
        ...


class Leaver:
    def leave(self):
        """Fit the contract."""
        return "bye"


FAREWELL = __name__.rpartition(".")[2]


class TestNeeds:
    @pytest.mark.provokes("K108")
    def test_a_contract_that_is_not_offered(self):
        """K108 names the need with its range."""
        found = planned(feature("reviews", needs=[Need(Greeting, ">=1.1,<2")]))

        assert rendered(found) == (
            "error[K108] 'reviews' (handed to create_app)\n"
            "    needs greeting >=1.1,<2, which no enabled feature offers.\n"
            "    fix: install a feature that offers greeting, and add it to deployment.toml"
        )

    @pytest.mark.provokes("K108")
    def test_an_installed_feature_offers(self, wheels):
        """K108 names the line that enables an installed feature with the contract."""
        source = f"""
            import sys
            from mercato_kit.feature import Feature, Offer

            contract = sys.modules[{Greeting.__module__!r}].Greeting
            offer = Offer(contract, "1.0", lambda: None)
            feature = Feature(name="greetings", summary="For a test.", offers=[offer])
        """
        install(wheels, "greetings", source)

        [fault] = planned(feature("reviews", needs=[Need(Greeting, ">=1,<2")])).faults

        assert fault.code == "K108"
        assert fault.fix == "add [features.greetings] to deployment.toml"

    @pytest.mark.provokes("K108")
    def test_what_offers_it_is_broken(self, wheels):
        """K108 names the fault that it follows from."""
        install(wheels, "greetings", "1 / 0")
        needs = [Need(Greeting, ">=1,<2")]

        found = planned(feature("reviews", needs=needs), values={"features": {"greetings": {}}})

        assert codes(found) == ["K103", "K108"]
        assert found.faults[1].fix == "first fix the features that could not be loaded: greetings"
        assert "    follows from K103 of greetings\n" in rendered(found)

    @pytest.mark.provokes("K108", "K206")
    def test_what_is_lacking_without_a_contract(self):
        """Development warns, a test says nothing, and production refuses unless it is accepted."""
        need = Need(Greeting, ">=1,<2", at_least=0, without="guests are not greeted")
        manifest = feature("reviews", needs=[need])
        what = "guests are not greeted: no enabled feature offers greeting >=1,<2."

        [warning] = planned(manifest, values={"environment": "development"}).faults
        [refusal] = in_production(manifest).faults
        [accepted] = in_production(manifest, accept={"reviews.greeting": REASON}).faults

        assert planned(manifest).faults == ()
        assert (warning.code, warning.severity, warning.what) == ("K108", "warning", what)
        assert (refusal.code, refusal.severity) == ("K206", "error")
        assert refusal.what == what
        assert '"reviews.greeting" = "<why' in refusal.fix
        assert (accepted.severity, accepted.accepted) == ("warning", "reviews.greeting")

    def test_lacks_nothing_where_a_contract_is_offered(self):
        """A feature that offers it is enough, also in production."""
        need = Need(Greeting, ">=1,<2", at_least=0, without="guests are not greeted")

        assert in_production(hello(), feature("reviews", needs=[need])).faults == ()

    @pytest.mark.provokes("K109")
    def test_another_version(self):
        """K109 names each offer, and the features that may need an upgrade."""
        found = planned(
            feature("greetings", offers=[Offer(Greeting, "2.0", Hello)]),
            feature("reviews", needs=[Need(Greeting, ">=1,<2")]),
        )

        [fault] = found.faults
        assert fault.code == "K109"
        assert fault.what == (
            "needs greeting >=1,<2; enabled features offer 2.0 from "
            "'greetings' (handed to create_app)."
        )

    @pytest.mark.provokes("K110")
    def test_a_ring(self):
        """K110 shows the whole ring, and ways out."""
        found = planned(
            feature(
                "greetings",
                offers=[Offer(Greeting, "1.0", Hello)],
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
            "farewells -> greetings because farewells needs greeting\n"
            f"greetings -> farewells because greetings needs {FAREWELL}"
        )

    @pytest.mark.provokes("K111")
    def test_two_offer_the_same(self):
        """K111 names both features, and the line that chooses one."""
        found = planned(hello(), salute())

        assert rendered(found) == (
            "error[K111] contract greeting\n"
            "    2 enabled features offer greeting:\n"
            "    'hello' (handed to create_app) offers greeting 1.0\n"
            "    'salute' (handed to create_app) offers greeting 1.3\n"
            '    fix: write greeting = "hello" in [capabilities] of deployment.toml\n'
            '    or: write greeting = "salute" in [capabilities] of deployment.toml'
        )

    def test_the_operator_chose_one(self):
        """The feature named in [capabilities] answers, and there is no fault."""
        found = planned(hello(), salute(), values={"capabilities": {"greeting": "salute"}})

        assert found.fits
        assert [one.offer.version for one in found.answers[Greeting]] == ["1.3"]
