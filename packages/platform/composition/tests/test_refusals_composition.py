"""Wheels whose own requirements are not met, and manifests that exclude others."""

import sys

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import render
from mercato_composition.features.plan import compose
from mercato_composition.features.reserved import reserved_names
from mercato_testing.samples.wheels import GOOD, install

from .manifests import feature

REVIEWS = GOOD.format(name="reviews")

MARKED = """
    from pathlib import Path

    from mercato_kit.feature import Feature

    Path({marker!r}).touch()
    feature = Feature(name="reviews", summary="For a test.")
"""


def faults_of(*manifests, names=("reviews",)):
    """Return the faults of a deployment of the features *names* and of *manifests*."""
    values = {"environment": "testing", "features": {name: {} for name in names}}
    return compose(read_deployment(values), manifests).faults


class TestSurroundings:
    @pytest.mark.provokes("K117")
    def test_another_python(self, wheels):
        """K117: a wheel for another Python is not imported; both versions are named."""
        marker = wheels / "imported"
        source = MARKED.format(marker=str(marker))
        install(wheels, "reviews", source, metadata="Requires-Python: >=3.99")

        [fault] = faults_of()

        running = ".".join(map(str, sys.version_info[:3]))
        assert (fault.code, fault.where) == ("K117", "mercato-reviews 1.0 ('reviews')")
        assert fault.what == f"needs Python >=3.99; this is Python {running}"
        assert not marker.exists()

    @pytest.mark.provokes("K117")
    def test_another_platform(self, wheels):
        """K117: a wheel for another platform is not imported."""
        install(wheels, "reviews", REVIEWS)
        info = wheels / "mercato_reviews-1.0.dist-info"
        (info / "WHEEL").write_text("Wheel-Version: 1.0\nTag: cp311-cp311-win_arm64\n")

        [fault] = faults_of()

        assert fault.code == "K117"
        assert fault.what.startswith("was built for cp311-cp311-win_arm64; this is ")

    @pytest.mark.provokes("K117")
    def test_requirements_that_are_away_or_old(self, wheels):
        """K117 names each unmet requirement, even if the import would succeed."""
        requires = ["a-wheel-that-is-away>=2", "flask>=99", 'other; python_version < "3"']
        install(wheels, "reviews", REVIEWS, requires=requires)

        [fault] = faults_of()

        away, old = fault.what.splitlines()
        assert away == "needs a-wheel-that-is-away>=2, which is not installed"
        assert old.startswith("needs flask>=99; flask 3.")
        assert old.endswith(" is installed")

    def test_all_is_there(self, wheels):
        """A wheel for every platform whose requirements are installed has no fault."""
        install(wheels, "reviews", REVIEWS, requires=["flask>=3", "mercato-kit>=0"])
        info = wheels / "mercato_reviews-1.0.dist-info"
        (info / "WHEEL").write_text("Wheel-Version: 1.0\nTag: py3-none-any\n")

        assert faults_of() == ()


class TestTooEarly:
    @pytest.mark.provokes("K505")
    @pytest.mark.parametrize(
        "line",
        [
            "services.get(Feature)",
            "current_settings(Settings)",
            "current_composition()",
            "db.session.connection()",
        ],
    )
    def test_at_import(self, wheels, line):
        """K505 names file and line of the call."""
        source = f"""
            from mercato_kit import db, services
            from mercato_kit.composition import current_composition
            from mercato_kit.feature import Feature
            from mercato_kit.settings import Settings, current_settings

            {line}
            feature = Feature(name="reviews", summary="For a test.")
        """
        install(wheels, "reviews", source, module="early_reviews")
        sys.modules.pop("early_reviews", None)

        [fault] = faults_of()

        assert fault.code == "K505"
        place = f"{wheels / 'early_reviews.py'}:7"
        assert fault.what.startswith(f"{place} uses a service, a setting or the app while")


class TestNames:
    @pytest.mark.provokes("K107")
    @pytest.mark.parametrize("command", sorted(reserved_names()))
    def test_commands_of_the_host_are_taken(self, command):
        """K107: a feature cannot have the name of a command of the platform."""
        [fault] = faults_of(feature(command), names=())

        assert fault.code == "K107"
        assert fault.what == f"{command!r} is reserved."

    @pytest.mark.provokes("K102")
    def test_two_manifests_of_one_name(self):
        """K102: two manifests of one name are a fault."""
        found = faults_of(feature("reviews"), feature("reviews"), names=())

        assert render(found) == (
            "error[K102] 'reviews' (handed to create_app)\n"
            "    two manifests of this name were handed to create_app.\n"
            "    fix: keep one of them"
        )


class TestExclusions:
    @pytest.mark.provokes("K112")
    def test_gives_the_authors_reason(self):
        """K112 has the reason that the excluding feature gives."""
        found = faults_of(
            feature("reviews", excludes={"ratings": "both write the stars of a product."}),
            feature("ratings"),
            names=(),
        )

        assert render(found) == (
            "error[K112] 'reviews' (handed to create_app)\n"
            "    must not run beside 'ratings' (handed to create_app): "
            "both write the stars of a product.\n"
            "    fix: remove [features.reviews] from deployment.toml\n"
            "    or: remove [features.ratings] from deployment.toml"
        )

    def test_ignores_features_that_are_not_enabled(self):
        """There is no fault if the excluded feature is not enabled."""
        assert faults_of(feature("reviews", excludes={"ratings": "so"}), names=()) == ()

    @pytest.mark.provokes("K106")
    def test_must_be_a_mapping(self):
        """K106: `excludes` without reasons is invalid."""
        [fault] = faults_of(feature("reviews", excludes=["ratings"]), names=())

        assert fault.code == "K106"
        assert fault.what == "excludes is ['ratings']; expected a mapping of names to texts."


class TestMaintainers:
    @pytest.mark.provokes("K106")
    def test_are_named_for_a_malformed_manifest(self, wheels):
        """The URL to report an invalid manifest is taken from the wheel's metadata."""
        source = """
            from mercato_kit.feature import Feature

            feature = Feature(name="reviews", summary="For a test.", publishes="everything")
        """
        metadata = (
            "Project-URL: Homepage, https://reviews.example\n"
            "Project-URL: Issues, https://reviews.example/issues"
        )
        install(wheels, "reviews", source, metadata=metadata)

        [fault] = faults_of()

        assert fault.what == "publishes is 'everything'; expected a list of str."
        assert fault.fix == "tell its maintainers: https://reviews.example/issues"
