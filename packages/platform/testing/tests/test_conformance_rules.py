"""The checks of rules for production."""

import pytest

from mercato_kit.feature import Feature
from mercato_kit.settings import Rule, Settings
from mercato_testing.conformance.rules import broken_rules


def findings(*rules):
    """Return the findings about rules for a lamp."""

    class Lamp(Settings, frozen=True, kw_only=True):
        production = rules

        room: str
        watts: int = 40
        shade: bool = True

    feature = Feature(name="lamp", summary="For a test.", settings=Lamp)
    return list(broken_rules(feature, {"room": "attic", "watts": 50}))


def too_bright(lamp):
    """Tell whether a lamp is too bright."""
    return lamp.watts > 60 and lamp.shade


class TestBrokenRules:
    @pytest.mark.parametrize("more", [{}, {"instead": 30}])
    def test_accepts_a_rule_that_fires_and_ends(self, more):
        """A rule that refuses its example, and not the value in its fix, has no finding."""
        assert findings(Rule("watts", too_bright, "it burns", {"watts": 90}, **more)) == []

    def test_a_feature_without_settings_has_none(self):
        """A feature without settings has no rules."""
        assert list(broken_rules(Feature(name="lamp", summary="For a test."), {})) == []

    @pytest.mark.parametrize(
        ("rule", "finding"),
        [
            (Rule("watts", too_bright, "", {"watts": 9}), "it does not refuse its example"),
            (
                Rule("watts", too_bright, "", {"watts": 90}, instead=80),
                "it refuses watts = 80, which its fix proposes",
            ),
            (
                Rule("watts", lambda lamp: True, "", {"watts": 90}),
                "it refuses watts = its default, which its fix proposes",
            ),
            (
                Rule("watts", too_bright, "", {"watts": 90, "shade": True}),
                "add what its example sets to its reads: shade",
            ),
            (Rule("watts", too_bright, "", {"watts": 90}, reads=["volts"]), "no setting 'volts'"),
        ],
    )
    def test_finds_one_that_does_not(self, rule, finding):
        """A rule that never fires, never ends, or reads what it does not name is found."""
        (found,) = findings(rule)

        assert finding in found

    def test_an_example_must_be_valid(self):
        """An example that is no valid value fails with the reason."""
        with pytest.raises(AssertionError, match="invalid values: watts: 'bright'"):
            findings(Rule("watts", too_bright, "", {"watts": "bright"}))
