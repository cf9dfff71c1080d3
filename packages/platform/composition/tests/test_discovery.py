"""Finding and loading the manifests that a deployment names."""

from importlib.metadata import version

import pytest

from mercato_composition.deployment.reader import read_draft
from mercato_composition.features.plan import compose
from mercato_kit.feature import Need
from mercato_testing.samples.wheels import GOOD, install

from .greeting import Greeting
from .manifests import feature, planned, rendered

KIT = version("mercato-kit")


class TestFind:
    def test_loads_what_the_file_names_and_nothing_else(self, wheels):
        """An installed feature that the file does not name is not loaded."""
        install(wheels, "reviews", GOOD.format(name="reviews"), version="1.2")
        install(wheels, "gift_cards", "raise RuntimeError('never imported')")

        found = planned(values={"features": {"reviews": {}}})

        assert [one.where for one in found.features] == ["mercato-reviews 1.2 ('reviews')"]
        assert found.fits

    @pytest.mark.provokes("K101")
    def test_an_unknown_name(self, wheels):
        """K101 suggests a similar name, and lists the installed features."""
        install(wheels, "reviews", GOOD.format(name="reviews"))

        found = planned(values={"features": {"review": {}}})

        [fault] = found.faults
        assert (fault.code, fault.where) == ("K101", "deployment.toml")
        assert fault.what.startswith(
            "no installed distribution provides a feature 'review'. "
            "Did you mean 'reviews'? Installed features: "
        )
        assert "reviews" in fault.what.partition("Installed features: ")[2].split(", ")
        assert "or: mercato install --here" in fault.fix

    @pytest.mark.provokes("K103")
    def test_a_manifest_that_cannot_be_imported(self, wheels):
        """K103 names the exception, its line and the extra; the other features are checked."""
        install(
            wheels,
            "reviews",
            "import a_module_that_is_away",
            requires=['a-module-that-is-away; extra == "stars"'],
            metadata="Provides-Extra: stars",
            module="reviews_that_need_more",
        )
        install(wheels, "gift_cards", "1 / 0", module="gift_cards_that_fail")

        found = planned(values={"features": {"reviews": {}, "gift_cards": {}}})

        assert rendered(found) == (
            "error[K103] mercato-gift-cards 1.0 ('gift_cards')\n"
            "    importing gift_cards_that_fail failed: ZeroDivisionError: division by zero\n"
            f"    at {wheels}/gift_cards_that_fail.py:1\n"
            "    the other features were checked too\n"
            "    fix: install what it needs, or tell its maintainers\n"
            "error[K103] mercato-reviews 1.0 ('reviews')\n"
            "    importing reviews_that_need_more failed: ModuleNotFoundError: "
            "No module named 'a_module_that_is_away'\n"
            f"    at {wheels}/reviews_that_need_more.py:1\n"
            "    the missing module is 'a_module_that_is_away'\n"
            "    the other features were checked too\n"
            '    fix: write package = "mercato-reviews[stars]" in [features.reviews] of '
            "deployment.toml\n"
            "    then: mercato install --here"
        )

    @pytest.mark.provokes("K103")
    def test_a_manifest_that_ends_the_process(self, wheels):
        """K103: a wheel that calls exit() does not end the process."""
        install(wheels, "reviews", "raise SystemExit(0)")

        [fault] = planned(values={"features": {"reviews": {}}}).faults

        assert (fault.code, fault.feature) == ("K103", "reviews")
        assert "SystemExit: 0" in fault.what

    @pytest.mark.provokes("K104")
    def test_two_distributions_of_one_name(self, wheels):
        """K104 names both distributions; neither is used."""
        install(wheels, "reviews", GOOD.format(name="reviews"))
        install(wheels, "reviews", GOOD.format(name="reviews"), distribution="evil-reviews")

        found = planned(values={"features": {"reviews": {}}})

        [fault] = found.faults
        assert fault.code == "K104"
        assert "mercato-reviews 1.0 at " in fault.what
        assert "evil-reviews 1.0 at " in fault.what
        assert not found.features

    @pytest.mark.provokes("K116")
    def test_a_module_that_is_gone(self, wheels):
        """K116 names the folder that is left of an uninstall."""
        install(wheels, "reviews", "")

        [fault] = planned(values={"features": {"reviews": {}}}).faults

        assert fault.code == "K116"
        assert str(wheels / "mercato_reviews-1.0.dist-info") in fault.fix

    @pytest.mark.provokes("K106")
    @pytest.mark.parametrize(
        "source", ["feature = 1", GOOD.format(name="other")], ids=["no Feature", "other name"]
    )
    def test_what_is_no_manifest(self, wheels, source):
        """K106 names the maintainers' URL."""
        metadata = "Project-URL: Issues, https://reviews.example/issues"
        install(wheels, "reviews", source, metadata=metadata)

        [fault] = planned(values={"features": {"reviews": {}}}).faults

        assert fault.code == "K106"
        assert "https://reviews.example/issues" in fault.fix

    @pytest.mark.provokes("K105")
    def test_a_feature_built_for_another_kit(self, wheels):
        """K105: the range is the wheel's requirement, unless the manifest gives one."""
        source = GOOD.format(name="reviews")
        install(wheels, "reviews", source, version="3.0", requires=["mercato-kit<9,>=7"])

        found = planned(values={"features": {"reviews": {}}})

        assert rendered(found) == (
            "error[K105] mercato-reviews 3.0 ('reviews')\n"
            f"    was built for mercato-kit <9,>=7; this host runs mercato-kit {KIT}.\n"
            "    nothing was started with it left out\n"
            "    fix: install a release of mercato-reviews that fits the kit, "
            "or the kit it was built for"
        )


class TestMisspelt:
    """A misspelt name is the cause only of what the meant feature would have ended."""

    @pytest.mark.provokes("K204")
    def test_causes_the_variable_of_the_feature_that_was_meant(self, wheels):
        """K204 of a feature with a similar name follows from K101."""
        install(wheels, "reviews", GOOD.format(name="reviews"))
        values = {"environment": "testing", "features": {"reviewz": {}}}
        variable = "MERCATO_FEATURES__REVIEWS__SETTINGS__PER_PAGE"

        found = compose(read_draft(values, {variable: "1"}))

        assert [(fault.key, fault.follows) for fault in found.faults] == [
            ("K101@features.reviewz", ()),
            (f"K204@{variable}", ("reviewz",)),
        ]

    @pytest.mark.provokes("K108")
    def test_causes_no_contract_that_it_would_not_offer(self, wheels):
        """K108 does not follow from a feature whose similar one does not offer the contract."""
        install(wheels, "reviews", GOOD.format(name="reviews"))
        needy = feature("asks", needs=[Need(Greeting, ">=1")])
        values = {"environment": "testing", "features": {"reviewz": {}, "a_name_like_no_other": {}}}

        found = compose(read_draft(values), [needy])
        without = compose(read_draft({**values, "features": {"reviewz": {}}}), [needy])

        assert [fault.follows for fault in found.faults if fault.code == "K108"] == [
            ("a_name_like_no_other",)
        ]
        assert [fault.follows for fault in without.faults if fault.code == "K108"] == [()]


class TestPackage:
    @pytest.mark.provokes("K126")
    @pytest.mark.parametrize("package", ["mercato-reviews ~= 1.0", "mercato-other >= 0.1"])
    def test_names_what_is_loaded(self, wheels, package):
        """K126: a release out of the range, or another distribution, is not loaded."""
        install(wheels, "reviews", "raise RuntimeError('never imported')", version="0.9")

        found = planned(values={"features": {"reviews": {"package": package}}})

        [fault] = found.faults
        assert fault.key == "K126@features.reviews"
        assert fault.what.startswith(f"the file names {package.replace(' ', '')}; installed is ")
        assert [hole.what for hole in found.not_checked] == ["settings of reviews"]

    def test_may_accept_a_release(self, wheels):
        """A release in the range is loaded."""
        install(wheels, "reviews", GOOD.format(name="reviews"), version="1.2")

        assert planned(values={"features": {"reviews": {"package": "mercato-reviews~=1.0"}}}).fits

    @pytest.mark.provokes("K202")
    def test_that_is_unknown_refuses_nothing(self, wheels):
        """A wrong value of `package` hides only what it names."""
        install(wheels, "reviews", GOOD.format(name="reviews"), version="0.9")
        draft = read_draft(
            {"environment": "testing", "features": {"reviews": {"package": 1, "mount": "x"}}}
        )

        found = compose(draft)

        assert [fault.key for fault in found.faults] == [
            "K202@features.reviews.mount",
            "K202@features.reviews.package",
        ]
        assert [feature.name for feature in found.features] == ["reviews"]
        assert [hole.what for hole in found.not_checked] == ["features.reviews.mount"]
