"""The version of the next release, and the faults that prevent it."""

import pytest
from packaging.version import Version

from mercato_dev.bumps import Bump, Changes
from mercato_dev.distributions import Distribution
from mercato_dev.history import Release
from mercato_dev.levels import Level, Reason
from mercato_dev.units import Unit

from .orchard import begin_changelog, write_distribution

BREAK = Reason(Level.MAJOR, "HTTP", "GET /v1/apples: 200 response: field core is gone")
MORE = Reason(Level.MINOR, "Python", "mercato_apples.core: new function")


@pytest.fixture
def bump(tmp_path):
    """Return a function that makes a bump of apples, by default since 1.0.0 with a fragment."""

    def make(version, *seen, last="1.0.0", fragment="+peel.fixed.md"):
        write_distribution(tmp_path, "apples", version=version)
        begin_changelog(tmp_path, "apples")
        folder = tmp_path / "packages/apples"
        (folder / "changes/+first.added.md").rename(folder / "changes" / fragment)
        declared = (Reason(Level.PATCH, "fragment", f"{fragment}: Peels."),)
        release = Release("apples", Version(last)) if last else None
        item = Distribution(folder)
        changes = Changes(item, release, has_changed=True, declared=declared, seen=seen)
        return Bump(Unit("apples", (item,)), (changes,))

    return make


class TestVersion:
    @pytest.mark.parametrize(
        ("written", "seen", "version"),
        [
            ("1.0.0", [], "1.0.1"),
            ("1.0.0", [MORE], "1.1.0"),
            ("1.0.0", [MORE, BREAK], "2.0.0"),
            ("1.1.0", [], "1.1.0"),
            ("1.1.0", [MORE], "1.1.0"),
        ],
    )
    def test_is_the_lowest_possible(self, bump, written, seen, version):
        """All changes count; a version in pyproject.toml that is high enough is kept."""
        assert str(bump(written, *seen).version) == version

    def test_is_what_is_written_for_the_first_release(self, bump):
        """The first release has the version in pyproject.toml."""
        assert str(bump("0.9.0", last=None).version) == "0.9.0"


class TestFaults:
    def test_there_are_none(self, bump):
        """A fragment that declares all changes has no fault."""
        assert bump("1.0.0").faults == []

    def test_name_each_undeclared_change(self, bump):
        """Each undeclared change is a line, the highest level first."""
        (fault,) = bump("1.0.0", MORE, BREAK).faults

        assert fault.splitlines() == [
            "the fragments declare patch, the changes need major:",
            f"    {BREAK}",
            f"    {MORE}",
        ]

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("0.9.0", "0.9.0 in pyproject.toml is lower than apples-v1.0.0"),
            ("1.1", "1.1 in pyproject.toml does not have the form 1.2.3"),
            ("1!1.1.0", "1!1.1.0 in pyproject.toml does not have the form 1.2.3"),
            ("1.1.0rc1", "1.1.0rc1 in pyproject.toml does not have the form 1.2.3"),
        ],
    )
    def test_name_an_invalid_version(self, bump, written, said):
        """A version must be three numbers and higher than the last one."""
        assert said in bump(written).faults

    def test_name_an_invalid_fragment(self, bump):
        """A typing error in a fragment's name is a fault."""
        assert (
            "changes/+peel.fixd.md has an unknown type"
            in bump("1.0.0", fragment="+peel.fixd.md").faults[0]
        )

    def test_name_a_changelog_without_a_marker(self, bump):
        """Without the marker, towncrier would write above the title."""
        made = bump("1.0.0")
        (made.members[0].item.folder / "CHANGELOG.md").write_text("# Changelog\n")

        (fault,) = made.faults

        assert "CHANGELOG.md has no marker for new releases" in fault
