"""Many answers to one contract: their order, their number, their names."""

import pytest

from mercato_kit import services
from mercato_kit.feature import Need, Offer

from .greeting import Greeting, hello
from .manifests import codes, feature, planned, rendered
from .tips import Tip, Tips, tipping

VOUCHERS, LOYALTY, POINTS = tipping("vouchers"), tipping("loyalty"), tipping("points")


def listed(*names):
    """Return the values of a deployment that lists the providers of tips."""
    return {"capabilities": {"tips": list(names)}}


def needing(versions=">=1,<2", at_least=1, name="asks"):
    """Return a feature that needs tips."""
    return feature(name, needs=[Need(Tips, versions, at_least)])


def names_in(found):
    """Return the names of the providers of tips, in order."""
    return [one.name for one in found.answers[Tips]]


class TestOrder:
    def test_is_that_of_the_file(self):
        """The providers that the file lists answer, and no others, in its order."""
        found = planned(LOYALTY, POINTS, VOUCHERS, values=listed("vouchers", "loyalty"))

        assert (found.faults, names_in(found)) == ((), ["vouchers", "loyalty"])

    @pytest.mark.provokes("K123")
    def test_else_by_name(self):
        """K123 warns that the order is by name, whatever needs what and comes first."""
        first = feature("zebra", offers=[Offer(Tips, "1.0", Tip, name="aaa")])
        late = tipping("loyalty", needs=[Need(Greeting, ">=1")])

        orders = [planned(*some) for some in ([first, late, hello()], [hello(), late, first])]

        assert [names_in(found) for found in orders] == [["aaa", "loyalty"]] * 2
        assert rendered(orders[0]) == (
            "warning[K123] contract tips\n"
            "    the order of its 2 providers changes totals, and deployment.toml does not give it;"
            " now by name: aaa, loyalty.\n"
            '    fix: write tips = ["aaa", "loyalty"] in [capabilities] of deployment.toml'
        )
        assert orders[0].fits

    def test_of_one_needs_no_line(self):
        """One provider has no order to say; nor has a list in the file."""
        assert planned(VOUCHERS).faults == ()

    def test_may_come_from_a_variable(self):
        """A variable gives the names with commas between them."""
        found = planned(LOYALTY, VOUCHERS, MERCATO_CAPABILITIES__TIPS="vouchers, loyalty")

        assert (found.faults, names_in(found)) == ((), ["vouchers", "loyalty"])

    def test_may_be_of_none(self):
        """An empty list turns all answers off, while their features are on."""
        found = planned(LOYALTY, VOUCHERS, needing(at_least=0), values=listed())

        assert (found.faults, names_in(found)) == ((), [])

    @pytest.mark.parametrize(
        ("said", "what"),
        [
            (
                ["loyality"],
                "tips names 'loyality': no enabled feature offers tips under this name.",
            ),
            (["loyalty", "loyalty"], "tips names 'loyalty' twice."),
            ("loyalty", "a list of names is due here"),
        ],
    )
    @pytest.mark.provokes("K202")
    def test_a_list_that_cannot_be_followed(self, said, what):
        """K202: a name that is unknown or doubled, or no list; the fix is the right list."""
        found = planned(LOYALTY, VOUCHERS, values={"capabilities": {"tips": said}})

        assert codes(found) == ["K202"]
        assert what in found.faults[0].what
        assert 'write tips = ["loyalty"] in [capabilities]' in found.faults[0].fix

    @pytest.mark.provokes("K202")
    def test_a_list_for_one_provider(self):
        """K202: one provider answers a contract without a list."""
        found = planned(hello(), values={"capabilities": {"greeting": ["hello"]}})

        assert codes(found) == ["K202"]
        assert (
            found.faults[0].fix == 'write greeting = "hello" in [capabilities] of deployment.toml'
        )


class TestLeftOut:
    def test_one_in_the_list_is_not_asked(self):
        """A provider of a feature that the deployment starts without is no fault of the list."""
        broken = feature("acme", offers=[Offer(Tips, "1.0", object, name="points")])
        values = {"features": {"acme": {"required": False}}, **listed("points", "vouchers")}

        found = planned(VOUCHERS, broken, values=values)

        assert [(fault.code, fault.severity) for fault in found.faults] == [("K113", "warning")]
        assert (names_in(found), [*found.left_out]) == (["vouchers"], ["acme"])

    def test_a_contract_may_have_no_provider_left(self):
        """Neither is a list, or a table of terms, of which nothing is left."""
        broken = feature("acme", offers=[Offer(Tips, "1.0", object, remote=True)])
        values = {"features": {"acme": {"required": False}}, **listed("acme")}
        values["remote"] = {"tips": {"acme": {"seconds": 1}}}

        assert planned(broken, needing(at_least=0), values=values).fits


class TestNeeds:
    def test_may_be_of_none(self):
        """A need of none is no fault without a provider, and puts nothing in order."""
        ring = tipping("back", needs=[Need(Greeting, ">=1,<2")])

        found = planned(hello(needs=[Need(Tips, ">=1,<2", at_least=0)]), ring)

        assert planned(needing(at_least=0)).fits
        assert [one.name for one in found.features] == ["hello", "back"]
        assert found.faults == ()

    @pytest.mark.provokes("K108")
    def test_a_list_that_leaves_out_all(self):
        """K108 names those that are enabled, and each list that would do."""
        found = planned(LOYALTY, VOUCHERS, needing(), values=listed())

        assert rendered(found) == (
            "error[K108] 'asks' (handed to create_app)\n"
            "    needs 1 or more tips >=1,<2; [capabilities] tips leaves out all that are enabled:"
            " loyalty, vouchers.\n"
            '    fix: write tips = ["loyalty"] in [capabilities] of deployment.toml\n'
            '    or: write tips = ["vouchers"] in [capabilities] of deployment.toml\n'
            "    or: remove tips from [capabilities] of deployment.toml"
        )

    @pytest.mark.provokes("K108")
    @pytest.mark.parametrize("values", [{}, listed("vouchers")])
    def test_fewer_than_needed(self, values):
        """K108: fewer providers are enabled than a feature needs."""
        found = planned(VOUCHERS, needing(at_least=2), values=values)

        assert codes(found) == ["K108"]
        assert found.faults[0].what.startswith("needs 2 or more tips >=1,<2; ")
        assert found.faults[0].fix == "enable another feature that offers tips"

    @pytest.mark.provokes("K109")
    def test_each_answer_must_do(self):
        """K109: each provider that answers has to be of the version, needed or used."""
        manifests = [tipping("old", version="0.9"), VOUCHERS, needing(at_least=0)]

        found = planned(*manifests, values=listed("vouchers", "old"))

        assert codes(found) == ["K109"]
        assert "0.9 from 'old'" in found.faults[0].what
        assert "1.0" not in found.faults[0].what
        assert planned(*manifests, values=listed("vouchers")).fits


class TestNames:
    @pytest.mark.provokes("K412")
    def test_of_two_providers_are_equal(self):
        """K412 names both features; the optional one would be left out."""
        other = feature("acme", offers=[Offer(Tips, "1.0", Tip, name="points")])

        found = planned(POINTS, other)

        assert codes(found) == ["K412"]
        assert found.faults[0].what == (
            "offered twice under the name 'points': 'points' (handed to create_app), "
            "'acme' (handed to create_app)."
        )

    @pytest.mark.provokes("K412")
    def test_of_a_chosen_one_is_that_of_another(self):
        """K412: where one answers, its name has to be its own, too."""
        other = feature("acme", offers=[Offer(Greeting, "1.0", object, name="hello")])
        values = {"capabilities": {"greeting": "hello"}}

        assert "K412" in codes(planned(hello(), other, values=values))


def test_is_what_services_give(client_of):
    """The order of the file is that in which the kit gives the providers."""
    client = client_of(LOYALTY, VOUCHERS, capabilities={"tips": ["vouchers", "loyalty"]})

    with client.application.app_context():
        assert services.names(Tips) == ("vouchers", "loyalty")
        assert [one.provider.tip() for one in services.each(Tips)] == ["tip", "tip"]
