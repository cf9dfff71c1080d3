"""The list of all settings with their origins, and the example file."""

import json
import re
import tomllib

import pytest
from click.testing import CliRunner

from mercato_composition.commands.frame import mercato
from mercato_testing.samples.wheels import install

LAMP = """
    from typing import Annotated

    from msgspec import Meta

    from mercato_kit.feature import Feature
    from mercato_kit.settings import Secret
    from mercato_kit.settings import Settings

    class LampSettings(Settings, frozen=True, kw_only=True):
        watts: Annotated[int, Meta(ge=1, le=100, description="How bright")] = 40
        place: Annotated[str, Meta(description="Where it stands")]
        socket: Annotated[str, Meta(pattern="^E[0-9]+$", examples=["E27"], description="Fits")]
        key: Annotated[Secret, Meta(description="Opens the lamp")]
        spare: Secret | None = None
        colours: list[str] = []
        shades: dict[str, int] = {}

    feature = Feature(name="lamp", summary="Light.", settings=LampSettings)
"""

BULB = """
    from mercato_kit.feature import Feature
    from mercato_kit.feature import Offer
    from mercato_kit.identity import IdentityProvider
    from mercato_kit.settings import Settings

    class Bulb(Settings, frozen=True, kw_only=True):
        watts: int

    class Provider:
        def authenticate(self, token):
            return None

    feature = Feature(
        name="{name}",
        summary="Light.",
        offers=[Offer(IdentityProvider, "1.0", Provider)],
        settings={settings},
    )
"""

FAR = """
    from typing import Protocol

    from mercato_kit.feature import Feature
    from mercato_kit.feature import Offer

    REMOTE = ("rate",)

    class Rates(Protocol):
        def rate(self) -> int: ...

    class Rate:
        def rate(self) -> int:
            return 19

    feature = Feature(name="far", summary="Rates.", offers=[Offer(Rates, "1.0", Rate, remote=True)])
"""

GIVEN = """\
environment = "testing"
[database]
url = "postgresql://shop:hunter2@db.example/shop?password=hunter3"
[features.lamp]
[features.lamp.settings]
place = "hall"
watts = 60
socket = "E14"
"""


@pytest.fixture
def run(tmp_path, wheels):
    """A function that runs a command; the feature lamp is installed."""
    install(wheels, "lamp", LAMP, module=f"configured_lamp_{tmp_path.name}")

    def call(*words, text=GIVEN, **environ):
        file = tmp_path / "shop.toml"
        if text is not None:
            file.write_text(text)
        return CliRunner().invoke(mercato, [f"--deployment={file}", *words], env=environ)

    return call


def shown(result):
    """Return the settings of `mercato config --json` by key."""
    assert result.exit_code == 0, result.output
    return {one["key"]: one for one in json.loads(result.stdout)["settings"]}


class TestConfig:
    def test_says_value_type_meaning_and_origin(self, run):
        """Each value has its origin: file and line, a variable, or the default."""
        variables = {
            "MERCATO_FEATURES__LAMP__SETTINGS__WATTS": "75",
            "MERCATO_FEATURES__LAMP__SETTINGS__KEY": "sesame",
        }

        found = shown(run("config", "--json", **variables))

        assert found["features.lamp.settings.watts"] == {
            "key": "features.lamp.settings.watts",
            "value": 75,
            "kind": "int, 1 to 100",
            "meaning": "How bright",
            "origin": "MERCATO_FEATURES__LAMP__SETTINGS__WATTS",
            "variable": "MERCATO_FEATURES__LAMP__SETTINGS__WATTS",
        }
        origins = {key: (one["value"], one["origin"]) for key, one in found.items()}
        assert origins["features.lamp.settings.place"] == ("hall", "shop.toml:6")
        assert origins["server.port"] == (5000, "default")
        assert origins["features.lamp.required"] == (True, "default")
        assert origins["environment"] == ("testing", "shop.toml:1")

    def test_shows_what_is_accepted(self, run):
        """Each reason in [accept] is shown with its rule and its line."""
        more = '[accept]\n"redis.url" = "a trial on one machine"\n'

        found = shown(run("config", "--json", text=GIVEN + more))["accept.redis.url"]

        assert (found["value"], found["origin"]) == ("a trial on one machine", "shop.toml:10")

    def test_hides_secrets(self, run, tmp_path):
        """A key, the content of its file and the password in a URL are not shown."""
        file = tmp_path / "key"
        file.write_text("open sesame")
        variables = {"MERCATO_FEATURES__LAMP__SETTINGS__KEY_FILE": str(file)}

        for words in (["config"], ["config", "--json"]):
            result = run(*words, **variables)
            assert not re.search("hunter|sesame", result.output)
        found = shown(run("config", "--json", **variables))

        assert found["database.url"]["value"] == "postgresql://shop:***@db.example/shop"
        key = found["features.lamp.settings.key"]
        assert (key["value"], key["kind"]) == ("***", "secret")
        assert key["origin"] == "MERCATO_FEATURES__LAMP__SETTINGS__KEY_FILE"
        assert found["features.lamp.settings.spare"]["value"] is None

    def test_is_readable(self, run):
        """One line for each setting, under its table."""
        lines = run("config").stdout.splitlines()

        place = lines.index("[features.lamp.settings]")
        words = re.split(r" {2,}", lines[place + 1])
        assert words == ["watts = 60", "shop.toml:7", "int, 1 to 100: How bright"]

    def test_works_where_a_setting_does_not_hold(self, run):
        """A missing or invalid value is shown as given; `mercato check` reports the fault."""
        found = shown(run("config", "--json", text=GIVEN.replace("60", '"bright"')))

        assert found["features.lamp.settings.watts"]["value"] == "bright"
        assert found["features.lamp.settings.key"]["value"] is None

    def test_hides_what_a_broken_feature_was_given(self, run, wheels):
        """Values are hidden if the feature does not load, since any may be a secret."""
        install(wheels, "broken", "1 / 0", module="configured_broken")
        text = GIVEN + '[features.broken.settings]\ntoken = "hunter2"\n'

        found = shown(run("config", "--json", text=text))

        token = found["features.broken.settings.token"]
        assert (token["value"], token["origin"]) == ("***", "shop.toml:10")

    def test_shows_capabilities(self, run):
        """[capabilities] is shown only if the file has it."""
        found = shown(run("config", "--json", text=GIVEN + '[capabilities]\nheat = "lamp"\n'))

        assert found["capabilities.heat"]["origin"].startswith("shop.toml:")
        assert "capabilities.heat" not in shown(run("config", "--json"))


class TestExample:
    def test_is_accepted_as_it_is(self, run, tmp_path):
        """The example passes `mercato check`, with every installed feature that fits."""
        example = run("config", "--example", text=None)
        checked = run("check", "--offline", text=example.stdout)

        assert checked.exit_code == 0, checked.output
        assert "mercato-lamp 1.0" in checked.output

    def test_prefers_what_needs_no_settings(self, run, wheels):
        """Of two features that clash the example leaves out the one with more required settings."""
        install(wheels, "bulb", BULB.format(name="bulb", settings="Bulb"), module="example_bulb")
        install(
            wheels, "candle", BULB.format(name="candle", settings="None"), module="example_candle"
        )

        example = run("config", "--example", text=None).stdout

        assert "[features.candle]" in example.splitlines()
        assert "#[features.bulb]" in example.splitlines()

    def test_says_every_setting(self, run, wheels):
        """Each key of `mercato config` is in the example, with meaning, type and variable.

        So are the terms of an installed remote provider.
        """
        install(wheels, "far", FAR, module="example_rates")

        text = run("config", "--example", text=None).stdout

        assert "# How bright: int, 1 to 100; MERCATO_FEATURES__LAMP__SETTINGS__WATTS" in text
        assert "#watts = 40" in text
        assert 'place = "change me"' in text
        assert 'socket = "E27"' in text
        assert "#[remote.example_rates.far]" in text.splitlines()
        found = shown(run("config", "--json", text=text))
        assert found.pop("environment")["value"] == "development"
        assert "remote.example_rates.far.seconds" in found
        for key, one in found.items():
            name = key.rpartition(".")[2]
            assert re.search(rf"^#?{name} = |{one['variable']}_FILE\b", text, re.M), key
            assert re.search(rf"{one['variable']}\b", text), key

    def test_its_defaults_are_true(self, run):
        """The example means the same after the "#" of every default is removed."""
        text = run("config", "--example", text=None).stdout
        on = ("features.", "server", "database")
        tables = re.split(r"^(?=#?\[)", text, flags=re.M)
        opened = [
            re.sub(r"^#(?=\w+ = )", "", table, flags=re.M)
            if table.startswith(tuple(f"[{name}" for name in on))
            else table
            for table in tables
        ]

        before = shown(run("config", "--json", text=text))
        after = shown(run("config", "--json", text="".join(opened)))

        for key, one in before.items():
            if one["value"] is not None and "package" not in key:
                assert after[key]["value"] == one["value"], key

    def test_leaves_out_what_does_not_fit(self, run, wheels):
        """A broken feature is a comment with the reason, so the file is still valid."""
        install(wheels, "broken", "1 / 0", module="exemplary_broken")

        text = run("config", "--example", text=None).stdout

        assert "#[features.broken]" in text
        assert "# Left out: K103: importing exemplary_broken failed" in text
        assert "broken" not in tomllib.loads(text)["features"]
