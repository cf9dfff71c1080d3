"""Which editions ``nox -s compat`` puts together."""

import json

import pytest

from mercato_dev.wheelmaking import write_wheel
from workspace.compatibility.cases import Case
from workspace.compatibility.cases import LeftOut
from workspace.compatibility.cases import cases_of_feature
from workspace.compatibility.cases import cases_of_platform
from workspace.compatibility.editions import Edition

KIT = "mercato-kit>=1,<2"
HOST = "mercato-host[testing]>=1"
SHORTS = {f"mercato-{short}": short for short in ("contracts", "host", "kit")}


@pytest.fixture
def edition(tmp_path):
    """Offer a function that makes an edition."""

    def make(short, version, *requires, tests=(), is_released=True):
        folder = tmp_path / f"{short}-{version}-{is_released}"
        folder.mkdir()
        group = f"[dependency-groups]\ntest = {json.dumps(tests)}\n"
        (folder / "pyproject.toml").write_text(group)
        # What is new differs from what was released, whatever it is called.
        code = {f"mercato_{short}.py": f"is_released = {is_released}\n"}
        wheel = write_wheel(folder, f"mercato-{short}", version, code, requires=requires)
        return Edition(short, wheel, folder, is_released)

    return make


def describe(found):
    """Write a case as people call it, in one line, and what is left out as its reason."""
    if isinstance(found, LeftOut):
        return found.reason
    assert isinstance(found, Case)
    words = [found.tested.label]
    words += [f"{one.label}{'' if one.is_released else ' (new)'}" for one in found.beside]
    return ", ".join(words)


def by_name(*editions):
    """List editions by what the index calls them, as they come; of the others there is none."""
    found = {name: [] for name in SHORTS}
    for one in editions:
        found[one.name].append(one)
    return found


class TestCasesOfPlatform:
    def test_are_the_day_of_the_release_and_all_that_is_new(self, edition):
        """A new kit comes alone at first, to those who have the released host."""
        orders = edition("orders", "1.0.0", KIT, tests=[HOST])
        kit = edition("kit", "1.1.0", is_released=False)
        host = edition("host", "1.1.0", KIT, is_released=False)
        released = by_name(edition("host", "1.0.0", KIT), edition("kit", "1.0.0"))

        found = cases_of_platform(kit, [host, kit], [orders], released)

        assert [describe(one) for one in found] == [
            "orders 1.0.0, host 1.0.0, kit 1.1.0 (new)",
            "orders 1.0.0, host 1.1.0 (new), kit 1.1.0 (new)",
        ]

    def test_have_the_newest_of_the_others_that_fits(self, edition):
        """A host that wants a newer kit gives way to the one before it."""
        orders = edition("orders", "1.0.0", KIT, tests=[HOST])
        kit = edition("kit", "1.0.1", is_released=False)
        host = edition("host", "1.2.0", "mercato-kit>=1.1,<2", is_released=False)
        released = by_name(
            edition("host", "1.1.0", "mercato-kit>=1.1,<2"), edition("host", "1.0.0", KIT)
        )

        found = cases_of_platform(kit, [host, kit], [orders], released)

        assert [describe(one) for one in found] == [
            "orders 1.0.0, host 1.0.0, kit 1.0.1 (new)",
            "orders 1.0.0: host 1.2.0 wants kit >=1.1: not tried with 1.0.1",
        ]

    def test_leave_out_who_excludes_it(self, edition):
        """The feature itself, or what it needs, may not admit the new one."""
        direct = edition("orders", "1.0.0", KIT, tests=[HOST])
        indirect = edition("users", "1.0.0", "mercato-kit>=1", tests=[HOST])
        kit = edition("kit", "2.0.0", is_released=False)
        host = edition("host", "2.0.0", "mercato-kit>=2,<3", is_released=False)
        released = by_name(edition("host", "1.0.0", KIT))

        found = cases_of_platform(kit, [host, kit], [direct, indirect], released)

        assert [describe(one) for one in found] == [
            "orders 1.0.0 wants kit <2: not tried with 2.0.0",
            "orders 1.0.0 wants kit <2: not tried with 2.0.0",
            "users 1.0.0: host 1.0.0 wants kit <2: not tried with 2.0.0",
            "users 1.0.0, host 2.0.0 (new), kit 2.0.0 (new)",
        ]

    def test_leave_out_who_does_without_it(self, edition):
        """A feature that never imports the contracts says nothing of them."""
        users = edition("users", "1.0.0", KIT)
        contracts = edition("contracts", "1.1.0", is_released=False)
        released = by_name(edition("kit", "1.0.0"))

        (found, _) = cases_of_platform(
            contracts, [contracts, edition("kit", "1.0.0", is_released=False)], [users], released
        )

        assert describe(found) == "users 1.0.0 does without contracts: not tried"


class TestCasesOfFeature:
    def test_are_each_release_with_the_newest_of_the_others(self, edition):
        """Each kit comes with the newest host that fits it, and the reverse."""
        orders = edition("orders", "1.1.0", KIT, tests=[HOST], is_released=False)
        released = by_name(
            edition("kit", "1.1.0"),
            edition("kit", "1.0.0"),
            edition("host", "1.1.0", "mercato-kit>=1.1,<2"),
            edition("host", "1.0.0", KIT),
        )

        found = list(cases_of_feature(orders, SHORTS, released))

        assert [describe(one) for one in found] == [
            "orders 1.1.0, host 1.1.0, kit 1.1.0",
            "orders 1.1.0, host 1.0.0, kit 1.1.0",
            "orders 1.1.0, host 1.1.0, kit 1.1.0",
            "orders 1.1.0, host 1.0.0, kit 1.0.0",
        ]
        # The same set is known as the same, so it is tried once.
        assert len({one.made_of for one in found}) == 3

    def test_leave_out_what_was_not_released(self, edition):
        """A feature cannot be tried beside a host that nobody can install."""
        orders = edition("orders", "1.1.0", KIT, tests=[HOST], is_released=False)
        released = by_name(edition("kit", "1.0.0"))

        (found,) = cases_of_feature(orders, SHORTS, released)

        assert describe(found) == "orders 1.1.0 wants host, of which nothing is released: not tried"

    def test_admit_a_new_edition_that_is_a_pre_release(self, edition):
        """What is named by its file need not be asked for as a pre-release."""
        orders = edition("orders", "1.1.0", "mercato-kit>=1.0", is_released=False)
        released = by_name(edition("kit", "1.1.0rc1"))

        (found,) = cases_of_feature(orders, SHORTS, released)

        assert describe(found) == "orders 1.1.0, kit 1.1.0rc1"
