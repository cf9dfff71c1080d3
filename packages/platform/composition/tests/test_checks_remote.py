"""Providers that ask other machines: how long they may take, and what happens then."""

import pytest

from mercato_composition.deployment.reader import read_draft
from mercato_composition.features.plan import compose
from mercato_kit import services
from mercato_kit.feature import Need, Offer

from .manifests import codes, feature, planned, rendered
from .rates import FAR, NEAR, OTHER, Rate, Rates
from .tips import Tip, Tips, tipping

FAR_TIPS = feature("far_tips", offers=[Offer(Tips, "1.0", Tip, remote=True)])


def found_in(values):
    """Return the faults of a deployment with a remote provider and a local one."""
    draft = read_draft({"environment": "testing", "capabilities": {"rates": "far"}, **values})
    return compose(draft, [FAR, NEAR]).faults


def rates(**terms):
    """Return the values of a deployment with terms of `far`, which answers rates."""
    return {"capabilities": {"rates": "far"}, "remote": {"rates": {"far": terms}}}


class TestTerms:
    def test_are_those_of_the_file(self, client_of):
        """Who asks gets the time, and the provider that replaces a late one, chosen or not."""
        client = client_of(FAR, NEAR, **rates(seconds=0.5, late="near"))

        with client.application.app_context():
            terms = services.remote_terms(Rates, "far")
            assert (terms.seconds, terms.late) == (0.5, "near")
            assert services.chosen(Rates).remote
            assert services.fallback(Rates, "far").name == "near"
            assert services.fallback(Rates, "far").provider.rate() == 19

    def test_of_many_what_replaces_one_has_its_name(self, client_of):
        """The provider that replaces a late one is found by its name, and is not one of all."""
        near = feature("near", offers=[Offer(Tips, "1.0", Tip)])
        chosen = {"capabilities": {"tips": ["far_tips"]}}
        client = client_of(
            FAR_TIPS, near, remote={"tips": {"far_tips": {"late": "near"}}}, **chosen
        )

        with client.application.app_context():
            assert services.names(Tips) == ("far_tips",)
            assert services.named(Tips, "near") is services.fallback(Tips, "far_tips").provider

    def test_have_defaults(self):
        """Without a table a late provider is a refusal, after two seconds."""
        [answer] = planned(FAR).resolved[Rates]

        assert (answer.remote.seconds, answer.remote.late) == (2.0, "refuse")

    def test_may_come_from_variables(self):
        """A variable sets a value of the table."""
        found = planned(FAR, MERCATO_REMOTE__RATES__FAR__SECONDS="1.5")

        assert (found.faults, found.resolved[Rates][0].remote.seconds) == ((), 1.5)

    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize(
        "terms", [{"seconds": 0}, {"seconds": 11}, {"seconds": "x"}, {"late": 1}]
    )
    def test_are_in_range(self, terms):
        """K202: seconds are 0.1 to 10, and late is a word."""
        assert [fault.code for fault in found_in(rates(**terms))] == ["K202"]

    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize("tables", [{"rates": {"far": 2}}, {"rates": 2}, 2])
    def test_are_tables(self, tables):
        """K202: a value where a table is due."""
        assert [fault.code for fault in found_in({"remote": tables})] == ["K202"]

    @pytest.mark.provokes("K203")
    @pytest.mark.parametrize(
        ("tables", "what"),
        [
            ({"rate": {"far": {}}}, "no enabled feature offers a contract 'rate'. Did you mean"),
            ({"rates": {"fra": {}}}, "no enabled feature offers rates under the name 'fra'. Did"),
            ({"rates": {"near": {}}}, "near answers rates without another machine."),
            (
                {"rates": {"far": {"second": 1}}},
                "there is no setting 'second' in [remote.rates.far]",
            ),
        ],
    )
    def test_are_of_remote_providers(self, tables, what):
        """K203: a contract, a provider or a key that is not there; a local provider."""
        [fault] = found_in({"remote": tables})

        assert fault.code == "K203"
        assert fault.what.startswith(what)


class TestLate:
    @pytest.mark.provokes("K124")
    def test_one_of_one_is_not_skipped(self):
        """K124: a contract with one answer cannot be skipped; each other word would do."""
        found = planned(FAR, NEAR, values=rates(late="skip"))

        assert rendered(found) == (
            "error[K124] deployment.toml\n"
            '    [remote.rates.far] late = "skip": an order without its rates would be wrong, '
            "so rates cannot be skipped.\n"
            '    fix: write late = "refuse" in [remote.rates.far] of deployment.toml\n'
            '    or: write late = "near" in [remote.rates.far] of deployment.toml'
        )

    @pytest.mark.provokes("K124")
    @pytest.mark.parametrize(
        ("late", "what"),
        [
            ("other", "other asks another machine, too, and may be late itself."),
            ("far", "far asks another machine, too, and may be late itself."),
            ("neer", "no enabled feature offers rates under this name. Did you mean 'near'?"),
        ],
    )
    def test_names_a_local_provider(self, late, what):
        """K124: late names a remote provider, or one that is not there."""
        found = planned(FAR, NEAR, OTHER, values=rates(late=late))

        assert codes(found) == ["K124"]
        assert found.faults[0].what.endswith(what)

    def test_one_of_many_may_be_skipped(self):
        """Of many answers one can be missing."""
        remote = {"tips": {"far_tips": {"late": "skip"}}}
        found = planned(FAR_TIPS, values={"remote": remote})

        assert found.faults == ()
        assert found.resolved[Tips][0].remote.late == "skip"

    @pytest.mark.provokes("K124")
    def test_one_of_many_is_not_asked_twice(self):
        """K124: of many answers, one that answers anyway replaces none."""
        remote = {"tips": {"far_tips": {"late": "near"}}}
        manifests = [FAR_TIPS, tipping("near")]

        twice = planned(*manifests, values={"remote": remote})
        values = {"remote": remote, "capabilities": {"tips": ["far_tips"]}}

        assert codes(twice) == ["K124", "K123"]
        assert twice.faults[0].what.endswith("near answers anyway, and would be asked twice.")
        assert planned(*manifests, values=values).faults == ()

    @pytest.mark.provokes("K109")
    def test_is_of_a_version_that_will_do(self):
        """K109: what replaces a late provider has to fit the need, too."""
        old = feature("near", offers=[Offer(Rates, "0.9", Rate)])
        asks = feature("asks", needs=[Need(Rates, ">=1,<2")])

        found = planned(FAR, old, asks, values=rates(late="near"))

        assert codes(found) == ["K109"]
        assert found.faults[0].what == (
            'needs rates >=1,<2; [remote.rates.far] late = "near" is 0.9 from '
            "'near' (handed to create_app)."
        )
