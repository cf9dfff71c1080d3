"""Settings of features: types, file and line of each fault, and hidden secrets."""

import os
from typing import Annotated

import pytest
from msgspec import Meta

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.features.plan import compose
from mercato_kit.settings import Rule, Secret, Settings, WrongSetting

from .manifests import codes, feature, planned, rendered


class Stars(Settings, frozen=True, kw_only=True):
    most: int = 5
    api_key: Secret


class Lamp(Settings, frozen=True, kw_only=True):
    production = (
        Rule(
            "watts", lambda it: it.watts > 60, "it burns the shop down", {"watts": 90}, instead=40
        ),
    )

    watts: int = 40


class Box(Settings, frozen=True, kw_only=True):
    side: Annotated[int, Meta(ge=0)] = 3
    ball: int = 3
    name: Annotated[str, Meta(min_length=1)] = "Box"

    def __post_init__(self):
        if self.ball > self.side:
            raise WrongSetting("ball", "expected one that fits", instead=self.side)


class TestFixOfAWrongSetting:
    @pytest.mark.parametrize(
        ("settings", "fixed"),
        [({"side": 2}, "ball = 2"), ({"side": 1, "ball": 9}, "ball = 1"), ({"name": ""}, "Box")],
    )
    def test_is_a_value_that_fits(self, settings, fixed):
        """It is the value that the feature names for the other settings, else the default."""
        values = {"features": {"boxes": {"settings": settings}}}

        [fault] = planned(feature("boxes", settings=Box), values=values).faults

        assert (fault.code, fixed in fault.fixes[0].text) == ("K202", True)


class TestSettings:
    @pytest.mark.provokes("K206")
    @pytest.mark.parametrize(
        ("environment", "refused"), [("production", ["K206"]), ("testing", [])]
    )
    def test_production_refuses_what_a_feature_calls_unsafe(self, environment, refused):
        """K206 names key, place, reason and a safe value; other environments accept the value."""
        deployment = read_deployment(
            {
                "environment": environment,
                "server": {"hosts": ["shop.example"], "trusted_proxies": 0},
                "features": {"lamp": {"settings": {"watts": 100}}},
            },
            {"MERCATO_SECRET_KEY": "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3"},
        )

        found = compose(deployment, [feature("lamp", settings=Lamp)])

        faults = [fault for fault in found.faults if fault.severity == "error"]
        assert [fault.code for fault in faults] == refused
        for fault in faults:
            assert fault.what == (
                "'watts' of 'lamp' (handed to create_app) is unsafe: it burns the shop down.\n"
                "there is no switch for this rule"
            )
            assert fault.fix == "write watts = 40 in [features.lamp.settings] of deployment.toml"

    def test_are_typed(self):
        """Each feature's settings are of its class, with the environment's text converted."""
        found = planned(
            feature("reviews", settings=Stars),
            values={"features": {"reviews": {"settings": {"api_key": "k"}}}},
            MERCATO_FEATURES__REVIEWS__SETTINGS__MOST="10",
        )

        assert found.settings["reviews"].most == 10
        assert found.settings["reviews"].api_key.reveal() == "k"

    @pytest.mark.provokes("K201", "K202", "K203")
    def test_every_mistake(self):
        """K201, K202 and K203 are reported at once; a secret is never shown."""
        found = planned(
            feature("reviews", settings=Stars),
            values={"features": {"reviews": {"settings": {"most": "many", "apikey": "hush"}}}},
        )

        assert rendered(found) == (
            "error[K201] deployment.toml\n"
            "    required setting 'api_key' of 'reviews' (handed to create_app) "
            "is missing (secret).\n"
            "    fix: export MERCATO_FEATURES__REVIEWS__SETTINGS__API_KEY='<api key>'\n"
            "    or: export MERCATO_FEATURES__REVIEWS__SETTINGS__API_KEY_FILE="
            "'<path of a file with it>'\n"
            "error[K202] deployment.toml\n"
            "    setting 'most' of 'reviews' (handed to create_app) is invalid: "
            "'many': Expected `int`, got `str`.\n"
            "    fix: write most = 5 in [features.reviews.settings] of deployment.toml\n"
            "error[K203] deployment.toml\n"
            "    there is no setting 'apikey' of 'reviews' (handed to create_app) in "
            "[features.reviews.settings]. Did you mean 'api_key'? Settings: most, api_key\n"
            "    fix: write features.reviews.settings.api_key instead of "
            "features.reviews.settings.apikey in deployment.toml\n"
            "    or: remove apikey from [features.reviews.settings] of deployment.toml"
        )

    @pytest.mark.provokes("K203")
    def test_of_a_feature_that_has_none(self):
        """K203: settings of a feature without settings are a fault."""
        values = {"features": {"reviews": {"settings": {"most": 1}}}}

        assert codes(planned(feature("reviews"), values=values)) == ["K203"]

    def test_file_and_line_of_each(self, tmp_path):
        """A fault has the file and line of the value."""
        path = tmp_path / "shop.toml"
        path.write_text('environment = "testing"\n\n[features.reviews.settings]\nmost = "x"\n')

        found = compose(read_deployment(path, environ={}), [feature("reviews", settings=Stars)])

        assert [(fault.code, fault.where) for fault in found.faults] == [
            ("K201", "shop.toml:3:1"),
            ("K202", "shop.toml:4:8"),
        ]

    @pytest.mark.provokes("K205")
    def test_secrets_in_a_production_file(self):
        """K205: a feature's secret belongs in the environment."""
        values = {
            "environment": "production",
            "database": {"url": "postgresql://127.0.0.1/shop"},
            "server": {"hosts": ["shop.example"], "trusted_proxies": 1},
            "features": {"reviews": {"settings": {"api_key": "hush"}}},
        }

        found = planned(
            feature("reviews", settings=Stars),
            values=values,
            MERCATO_SECRET_KEY=os.urandom(32).hex(),
        )

        assert codes(found) == ["K205"]
        assert "hush" not in rendered(found)
