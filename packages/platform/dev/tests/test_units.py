"""Release units, their members and their order."""

import pytest
from packaging.version import Version

from mercato_dev.units import find_unit, find_units, order_units

from .orchard import write_distribution, write_feature


@pytest.fixture
def garden(tmp_path):
    """Return a workspace with a platform of three members and two other units."""
    write_distribution(tmp_path, "kit", home="packages/platform")
    write_distribution(
        tmp_path, "base", home="packages/platform", needs='["mercato-kit", "mercato-words"]'
    )
    write_distribution(tmp_path, "host", home="", needs='["mercato-base"]')
    write_feature(tmp_path, "apples", needs='["mercato-kit"]')
    write_distribution(tmp_path, "words")
    return tmp_path


class TestFindUnits:
    def test_finds_the_platform_by_its_folders(self, garden):
        """Folders in packages are units; the platform and the host are one unit."""
        found = {unit.short: [one.short for one in unit.members] for unit in find_units(garden)}

        assert found == {
            "apples": ["apples"],
            "words": ["words"],
            "platform": ["kit", "base", "host"],
        }

    def test_says_which_unit_is_a_feature(self, garden):
        """Only a unit with a manifest is a feature."""
        assert [unit.short for unit in find_units(garden) if unit.is_feature] == ["apples"]


class TestFindUnit:
    def test_refuses_a_member_of_the_platform(self, garden):
        """A member of the platform is refused, with the unit to release instead."""
        with pytest.raises(LookupError) as refused:
            find_unit("kit", garden)

        assert str(refused.value) == "kit is released with the platform: release -- platform"

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("aples", "no release unit is called 'aples'. Did you mean 'apples'?"),
            ("moss", "no release unit is called 'moss'. There are apples, words, platform."),
        ],
    )
    def test_suggests_a_name(self, garden, name, said):
        """An unknown name is refused with a similar name, or with all names."""
        with pytest.raises(LookupError) as refused:
            find_unit(name, garden)

        assert str(refused.value) == said


class TestVersion:
    def test_is_that_of_every_member(self, garden):
        """A unit has the version of its members."""
        platform = find_unit("platform", garden)

        assert platform.version == Version("0.1.0")
        assert platform.faults_of_versions == []

    def test_is_a_fault_where_members_differ(self, garden):
        """Different versions are a fault that lists them."""
        write_distribution(garden, "kit", home="packages/platform", version="0.2.0")

        (fault,) = find_unit("platform", garden).faults_of_versions

        assert fault.startswith("platform must have one version, but its members have: ")
        assert fault.endswith("kit 0.2.0, base 0.1.0, host 0.1.0")


class TestOrderUnits:
    def test_puts_each_after_what_it_requires(self, garden):
        """A unit comes after everything that one of its members requires."""
        ordered = order_units(find_units(garden))

        assert [unit.short for unit in ordered] == ["words", "platform", "apples"]
