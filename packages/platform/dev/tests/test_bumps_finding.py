"""What keeps the next release from being what its changes need."""

import pytest
from packaging.version import Version

from mercato_dev.bumps import Bump
from mercato_dev.distributions import Distribution
from mercato_dev.history import Release
from mercato_dev.levels import Level, Reason

from .orchard import begin_changelog, write_distribution

BREAK = Reason(Level.MAJOR, "HTTP", "GET /v1/apples: 200 response: field core is gone")
MORE = Reason(Level.MINOR, "Python", "mercato_apples.core: new function")


@pytest.fixture
def bump(tmp_path):
    """Offer a function that makes a bump of apples, by default since 1.0.0 and with a fragment."""

    def make(version, *seen, last="1.0.0", fragment="+peel.fixed.md"):
        write_distribution(tmp_path, "apples", version=version)
        begin_changelog(tmp_path, "apples")
        folder = tmp_path / "packages/apples"
        (folder / "changes/+first.added.md").rename(folder / "changes" / fragment)
        declared = (Reason(Level.PATCH, "fragment", f"{fragment}: Peels."),)
        release = Release("apples", Version(last)) if last else None
        return Bump(Distribution(folder), release, declared, seen, has_changed=True)

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
    def test_is_the_lowest_that_will_do(self, bump, written, seen, version):
        """All that is declared and seen counts; what was written is kept where it is enough."""
        assert str(bump(written, *seen).version) == version

    def test_is_what_is_written_for_the_first_release(self, bump):
        """Before it there is nothing to raise."""
        assert str(bump("0.9.0", last=None).version) == "0.9.0"


class TestFaults:
    def test_there_are_none(self, bump):
        """What is declared is all there is."""
        assert bump("1.0.0").faults == []

    def test_name_each_change_that_asks_for_more(self, bump):
        """The highest first, a line each."""
        (fault,) = bump("1.0.0", MORE, BREAK).faults

        assert fault.splitlines() == [
            "the fragments say patch, the changes need major:",
            f"    {BREAK}",
            f"    {MORE}",
        ]

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("0.9.0", "0.9.0 in the pyproject.toml is lower than apples-v1.0.0"),
            ("1.1", "1.1 in the pyproject.toml is not of the form 1.2.3"),
            ("1!1.1.0", "1!1.1.0 in the pyproject.toml is not of the form 1.2.3"),
            ("1.1.0rc1", "1.1.0rc1 in the pyproject.toml is not of the form 1.2.3"),
        ],
    )
    def test_name_a_version_that_cannot_be(self, bump, written, said):
        """Versions rise, and are three numbers."""
        assert said in bump(written).faults

    def test_name_a_fragment_that_is_none(self, bump):
        """A slip in a name does not keep a change out of the changelog."""
        assert (
            "changes/+peel.fixd.md has no type" in bump("1.0.0", fragment="+peel.fixd.md").faults[0]
        )

    def test_name_a_changelog_without_a_place_for_it(self, bump):
        """Without the line, towncrier writes above the title."""
        made = bump("1.0.0")
        (made.item.folder / "CHANGELOG.md").write_text("# Changelog\n")

        (fault,) = made.faults

        assert "CHANGELOG.md does not say where releases go" in fault
