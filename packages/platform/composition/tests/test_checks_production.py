"""Rules of production: of files, of databases, of features, and what [accept] may name."""

import dataclasses

import msgspec
import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_composition.features.plan import compose
from mercato_kit.settings import Rule, Secret, Settings

from .manifests import feature
from .productions import LAMP, REASON, lamp, planned, refused


class TestRules:
    @pytest.mark.provokes("K206")
    def test_an_unsafe_default_has_no_line(self):
        """The place of a default is the release that has it; the fix has no value to propose."""
        [fault] = planned(LAMP).faults

        assert (fault.code, fault.where) == (
            "K206",
            "default of 'lamp' (handed to create_app)",
        )
        assert fault.what.endswith("is unsafe: bulls come.\nthere is no switch for this rule")

    def test_a_variable_is_to_be_unset(self):
        """The fix of a rule without a safe value removes the line, or unsets the variable."""
        variable = "MERCATO_FEATURES__LAMP__SETTINGS__COLOUR"

        [in_file] = planned(LAMP, **lamp(colour="red")).faults
        [given] = planned(LAMP, environ={variable: "red"}, **lamp()).faults

        assert in_file.fix == "remove colour from [features.lamp.settings] of deployment.toml"
        assert (given.where, given.fix) == (variable, f"unset {variable}")

    @pytest.mark.provokes("K106")
    def test_one_that_raises_is_a_fault_of_the_feature(self):
        """A rule that cannot be applied lets nothing pass."""

        class Broken(Settings, frozen=True, kw_only=True):
            production = (Rule("a", lambda it: it.absent, "why", {}),)

            a: int = 1

        [fault] = planned(feature("lamp", settings=Broken)).faults

        assert (fault.code, fault.feature) == ("K106", "lamp")
        assert "its production rule for 'a' cannot be applied: AttributeError" in fault.what

    @pytest.mark.provokes("K206")
    def test_of_a_secret_is_mended_in_the_environment(self):
        """An unsafe secret is replaced where secrets are, and not in the file."""

        class Bank(Settings, frozen=True, kw_only=True):
            production = (
                Rule("key", lambda own: "test" in own.key.reveal(), "no", {}, instead="live_1"),
            )

            key: Secret

        environ = {"MERCATO_FEATURES__BANK__SETTINGS__KEY": "test_hush"}

        [fault] = planned(
            feature("bank", settings=Bank), environ=environ, features={"bank": {}}
        ).faults

        assert fault.code == "K206"
        assert "export MERCATO_FEATURES__BANK__SETTINGS__KEY='<key>'" in fault.fix
        assert "live_1" not in fault.fix


class TestDevelopmentOnly:
    MANIFEST = feature("sandbox", development_only="it takes play money")

    @pytest.mark.provokes("K206")
    def test_features_are_refused(self):
        """A feature for development only is refused with its reason; nothing accepts it."""
        [fault] = planned(self.MANIFEST).faults

        assert (fault.code, fault.feature, fault.severity) == ("K206", "sandbox", "error")
        assert "is for development only: it takes play money." in fault.what
        assert "remove [features.sandbox]" in fault.fix

    def test_features_run_elsewhere(self):
        """Other environments run it."""
        deployment = read_deployment({"environment": "testing"})

        assert compose(deployment, [self.MANIFEST]).faults == ()

    @pytest.mark.provokes("K106")
    def test_needs_a_reason(self):
        """The reason is text."""
        [fault] = planned(feature("sandbox", development_only=True)).faults

        assert (fault.code, fault.what) == (
            "K106",
            "development_only is True; expected a str or None.",
        )


class TestAccept:
    def test_makes_a_warning_of_a_danger(self):
        """The warning has the reason and the rule; the feature is composed."""
        found = planned(LAMP, accept={"lamp.watts": REASON}, **lamp(watts=90))

        [warning] = found.accepted
        assert found.faults == (warning,)
        assert (warning.severity, warning.accepted) == ("warning", "lamp.watts")
        assert warning.what.endswith(f"it burns.\naccepted: {REASON}")

    def test_keeps_an_optional_feature(self, wheels):
        """A feature that is not required stays, although a danger of it is accepted."""
        tables = lamp(watts=90)
        tables["features"]["lamp"]["required"] = False

        found = planned(LAMP, accept={"lamp.watts": REASON}, **tables)

        assert "lamp" not in {fault.feature for fault in found.faults if not fault.accepted}

    @pytest.mark.provokes("K206")
    def test_says_that_it_does_not_accept_another_danger(self):
        """A rule without a switch stays an error, although [accept] has its name, and says so."""
        environ = {"MERCATO_REDIS__URL": "rediss://cache.tld"}

        [fault] = planned(environ=environ, accept={"redis.url": REASON}).faults

        assert (fault.severity, fault.accepted) == ("error", None)
        assert fault.what.endswith("'redis.url' in [accept] does not cover this danger")

    @pytest.mark.provokes("K203")
    @pytest.mark.parametrize("rule", ["lamp.wats", "lamp.colour", "server.host", "nothing"])
    def test_names_acceptable_rules_only(self, rule):
        """K203: an unknown rule, and one without a switch, in every environment."""
        values = {"environment": "testing", "accept": {rule: REASON}}

        [fault] = compose(read_deployment(values), [LAMP]).faults

        assert (fault.code, repr(rule) in fault.what) == ("K203", True)
        assert "lamp.watts" in fault.what

    def test_of_a_feature_that_is_not_loaded_is_not_judged(self):
        """The rules of a feature that is not installed are not known."""
        tables = {"features": {"absent": {}}, "accept": {"absent.mail": REASON}}

        assert [fault.code for fault in planned(**tables).faults] == ["K101"]

    @pytest.mark.provokes("K202")
    def test_needs_a_reason(self):
        """A reason has 10 characters or more."""
        [(code, _, what)] = refused(accept={"redis.url": "  because "})

        assert (code, what) == ("K202", "the reason of 'redis.url' has fewer than 10 characters.")

    @pytest.mark.provokes("K202")
    def test_names_each_rule_in_quotes(self):
        """K202: without quotes, TOML reads the dot in a name as a table."""
        with pytest.raises(DeploymentError) as found:
            read_deployment({"environment": "testing", "accept": {"users": {"mail": REASON}}})

        [fault] = found.value.faults
        assert (fault.code, "'users' in [accept] is a table" in fault.what) == ("K202", True)
        assert 'put the name in quotes: "users.mail" = ' in fault.fix

    @pytest.mark.provokes("K202")
    def test_needs_a_text(self):
        """A reason is a text."""
        [(code, _, what)] = refused(accept={"redis.url": True})

        assert (code, what) == ("K202", "the reason of 'redis.url' is not a text.")

    @pytest.mark.provokes("K203")
    @pytest.mark.parametrize("name", ["MERCATO_ACCEPT__REDIS.URL", "MERCATO_ACCEPT"])
    def test_is_read_from_the_file_only(self, name):
        """K203: no variable accepts a danger."""
        [(code, where, _)] = refused(environ={name: REASON})

        assert (code, where) == ("K203", name)

    def test_names_its_line(self, tmp_path):
        """A wrong rule is reported with its line in the file."""
        file = tmp_path / "shop.toml"
        file.write_text(f'environment = "testing"\n[accept]\n"no.rule" = "{REASON}"\n')

        [fault] = compose(read_deployment(file, {})).faults

        assert (fault.code, fault.where) == ("K203", "shop.toml:3:1")


class TestDirect:
    def test_an_option_is_named(self):
        """An address that `mercato serve --bind` gives is reported with the option."""
        deployment = planned().deployment
        server = msgspec.structs.replace(deployment.server, host="10.0.0.7", trusted_proxies=0)

        [fault] = compose(dataclasses.replace(deployment, server=server)).faults

        assert (fault.code, fault.where) == ("K206", "--bind")

    @pytest.mark.parametrize(
        "server",
        [
            {"host": "10.0.0.7", "trusted_proxies": 1},
            {"host": "10.0.0.7", "trusted_proxies": 0, "direct": True},
            {"host": "::1", "trusted_proxies": 0},
        ],
    )
    def test_a_proxy_or_a_word_is_enough(self, server):
        """Other machines may connect through a proxy, or if the file says so."""
        assert planned(server=server | {"hosts": ["shop.example"]}).faults == ()
