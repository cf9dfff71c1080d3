"""The combinations that ``nox -s compat`` tries."""

import json

import pytest

from mercato_dev.compatibility.cases import Case, LeftOut, cases_of_feature, cases_of_foundation
from mercato_dev.compatibility.editions import Edition
from mercato_dev.wheel_writer import write_wheel

KIT = "mercato-kit>=1,<2"
TESTING = "mercato-testing>=1"
WORDS = "mercato-contracts>=1,<2"
UNITS = {
    "mercato-kit": "platform",
    "mercato-testing": "platform",
    "mercato-contracts": "contracts",
}


@pytest.fixture
def edition(tmp_path):
    """Return a function that makes an edition."""

    def make(name, version, *requires, tests=(), is_released=True):
        folder = tmp_path / f"{name}-{version}-{is_released}"
        folder.mkdir()
        group = f"[dependency-groups]\ntest = {json.dumps(tests)}\n"
        (folder / "pyproject.toml").write_text(group)
        # A new wheel differs from a released one of the same version.
        code = {f"mercato_{name}.py": f"is_released = {is_released}\n"}
        wheel = write_wheel(folder, f"mercato-{name}", version, code, requires=requires)
        return Edition(UNITS.get(f"mercato-{name}", name), wheel, folder, is_released)

    return make


@pytest.fixture
def platform(edition):
    """Return a function that makes a version of the platform: kit and testing."""

    def make(version, *requires, is_released=True):
        major = int(version.partition(".")[0])
        beside = f"mercato-kit>={version},<{major + 1}"
        return (
            edition("kit", version, *requires, is_released=is_released),
            edition("testing", version, beside, is_released=is_released),
        )

    return make


def describe(found):
    """Return a case as one line; of a combination that is left out, the reason."""
    if isinstance(found, LeftOut):
        return found.reason
    assert isinstance(found, Case)
    return str(found)


class TestCasesOfFoundation:
    def test_are_the_day_of_the_release_and_all_that_is_new(self, edition, platform):
        """A new platform is tried with the released contracts, and with the new ones."""
        orders = edition("orders", "1.0.0", KIT, WORDS, tests=[TESTING])
        here = {
            "platform": platform("1.1.0", is_released=False),
            "contracts": (edition("contracts", "1.1.0", is_released=False),),
        }
        released = {
            "platform": [platform("1.0.0")],
            "contracts": [(edition("contracts", "1.0.0"),)],
        }

        found = cases_of_foundation("platform", here, [orders], released)

        assert [describe(one) for one in found] == [
            "orders 1.0.0 (released) beside contracts 1.0.0 (released), platform 1.1.0 (new)",
            "orders 1.0.0 (released) beside contracts 1.1.0 (new), platform 1.1.0 (new)",
        ]

    def test_are_made_of_all_members_of_one_version(self, edition, platform):
        """All members of a unit have one version."""
        orders = edition("orders", "1.0.0", WORDS, tests=[TESTING])
        new = edition("contracts", "1.1.0", is_released=False)
        released = {"contracts": [], "platform": [platform("1.1.0"), platform("1.0.0")]}
        here = {"contracts": (new,), "platform": platform("1.2.0", is_released=False)}

        (first, _) = cases_of_foundation("contracts", here, [orders], released)

        assert [f"{one.name} {one.version}" for one in first.beside] == [
            "mercato-contracts 1.1.0",
            "mercato-kit 1.1.0",
            "mercato-testing 1.1.0",
        ]

    def test_have_the_newest_of_the_others_that_fits(self, edition, platform):
        """A platform that requires newer contracts is replaced by an older one."""
        orders = edition("orders", "1.0.0", KIT, WORDS)
        newer = "mercato-contracts>=1.1,<2"
        here = {
            "contracts": (edition("contracts", "1.0.1", is_released=False),),
            "platform": platform("1.2.0", newer, is_released=False),
        }
        released = {"contracts": [], "platform": [platform("1.1.0", newer), platform("1.0.0")]}

        found = cases_of_foundation("contracts", here, [orders], released)

        assert [describe(one) for one in found] == [
            "orders 1.0.0 (released) beside contracts 1.0.1 (new), platform 1.0.0 (released)",
            "orders 1.0.0: platform 1.2.0 requires contracts >=1.1: not tried with 1.0.1",
        ]

    def test_leave_out_features_that_exclude_it(self, edition, platform):
        """A feature is left out if its ranges exclude the new version, or those of its needs."""
        direct = edition("orders", "1.0.0", KIT, tests=[TESTING])
        indirect = edition("users", "1.0.0", "mercato-helper>=1")
        helper = edition("helper", "1.0.0", KIT)
        here = {"platform": platform("2.0.0", is_released=False), "helper": (helper,)}

        found = cases_of_foundation(
            "platform", here, [direct, indirect], {"platform": [], "helper": [(helper,)]}
        )

        assert [describe(one) for one in found] == [
            "orders 1.0.0 requires platform <2: not tried with 2.0.0",
            "orders 1.0.0 requires platform <2: not tried with 2.0.0",
            "users 1.0.0: helper 1.0.0 requires platform <2: not tried with 2.0.0",
            "users 1.0.0: helper 1.0.0 requires platform <2: not tried with 2.0.0",
        ]

    def test_leave_out_features_that_do_not_require_it(self, edition, platform):
        """A feature that does not require the contracts is not tried with them."""
        users = edition("users", "1.0.0", KIT)
        here = {
            "contracts": (edition("contracts", "1.1.0", is_released=False),),
            "platform": platform("1.0.0", is_released=False),
        }

        (found, _) = cases_of_foundation(
            "contracts", here, [users], {"contracts": [], "platform": [platform("1.0.0")]}
        )

        assert describe(found) == "users 1.0.0 does not require contracts: not tried"


class TestCasesOfFeature:
    def test_are_each_release_with_the_newest_of_the_others(self, edition, platform):
        """Each platform is tried with the newest contracts that fit, and the reverse."""
        orders = edition("orders", "1.1.0", KIT, WORDS, tests=[TESTING], is_released=False)
        released = {
            "platform": [platform("1.1.0", "mercato-contracts>=1.1"), platform("1.0.0")],
            "contracts": [(edition("contracts", "1.1.0"),), (edition("contracts", "1.0.0"),)],
        }

        found = list(cases_of_feature(orders, UNITS, released))

        new = "orders 1.1.0 (new) beside contracts"
        assert [describe(one) for one in found] == [
            f"{new} 1.1.0 (released), platform 1.1.0 (released)",
            f"{new} 1.1.0 (released), platform 1.0.0 (released)",
            f"{new} 1.1.0 (released), platform 1.1.0 (released)",
            f"{new} 1.0.0 (released), platform 1.0.0 (released)",
        ]
        # Equal combinations have equal keys.
        assert len({one.made_of for one in found}) == 3

    def test_leave_out_what_was_not_released(self, edition):
        """A feature is not tried if its platform was never released."""
        orders = edition("orders", "1.1.0", KIT, WORDS, is_released=False)
        released = {"platform": [], "contracts": [(edition("contracts", "1.0.0"),)]}

        (found,) = cases_of_feature(orders, UNITS, released)

        reason = "orders 1.1.0 requires platform, which has no release: not tried"
        assert describe(found) == reason

    def test_admit_a_new_edition_that_is_a_pre_release(self, edition, platform):
        """A pre-release that is given by path satisfies a range."""
        orders = edition("orders", "1.1.0", "mercato-kit>=1.0", is_released=False)

        (found,) = cases_of_feature(orders, UNITS, {"platform": [platform("1.1.0rc1")]})

        assert describe(found) == "orders 1.1.0 (new) beside platform 1.1.0rc1 (released)"
