"""Fragments: what they declare, and what is none of them."""

import tomllib

import pytest
from mercato_dev.bumps.fragments import LEVELS, faults_of_fragments, read_fragments
from mercato_dev.bumps.versions import raise_version
from packaging.version import Version

from mercato_dev.changelogs import faults_before_release
from mercato_dev.distributions import Distribution
from mercato_dev.levels import Level

from .orchard import ROOT, begin_changelog, write_distribution


@pytest.fixture
def apples(tmp_path):
    """Offer a distribution without fragments."""
    write_distribution(tmp_path, "apples")
    begin_changelog(tmp_path, "apples")
    (tmp_path / "packages/apples/changes/+first.added.md").unlink()
    return Distribution(tmp_path / "packages/apples")


class TestReadFragments:
    @pytest.mark.parametrize(
        ("name", "level"),
        [
            ("+peel.breaking.md", "major"),
            ("+peel.removed.md", "major"),
            ("+peel.added.md", "minor"),
            ("+peel.changed.md", "minor"),
            ("+peel.deprecated.md", "minor"),
            ("+peel.fixed.md", "patch"),
            ("12.security.md", "patch"),
        ],
    )
    def test_takes_the_level_from_the_type(self, apples, name, level):
        """The type says how much is needed, the text says why."""
        (apples.folder / "changes" / name).write_text("\nPeels, at last.\nOn every side.\n")

        (reason,) = read_fragments(apples)

        assert str(reason.level) == level
        assert reason.what == f"{name}: Peels, at last. On every side."
        assert list(faults_of_fragments(apples)) == []

    def test_knows_the_types_of_the_changelog(self):
        """Each type that towncrier knows has a level, in its order."""
        settings = tomllib.loads((ROOT / "pyproject.toml").read_text())

        types = [one["directory"] for one in settings["tool"]["towncrier"]["type"]]

        assert types == list(LEVELS)


class TestFaultsOfFragments:
    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("+peel.fixd.md", "has no type: 'fixd' is none of breaking, removed, added"),
            ("+peel.fixd.md", "Did you mean 'fixed'?"),
            ("+peel.added.old.md", "is no fragment: +short-name.added.md is one"),
            ("peel.added.md", "is no fragment"),
            ("+peel.added", "is no fragment"),
            ("README.md", "is no fragment"),
            ("notes.txt", "is no fragment"),
        ],
    )
    def test_name_a_file_that_is_none(self, apples, name, said):
        """Towncrier would leave some of these out, or take them for something else."""
        (apples.folder / "changes" / name).write_text("Peels.")

        (fault,) = faults_of_fragments(apples)

        assert fault.startswith(f"apples: changes/{name} ")
        assert said in fault
        assert list(read_fragments(apples)) == []

    @pytest.mark.parametrize(
        ("content", "said"), [(b"", "is empty"), (b" \n", "is empty"), (b"\xff", "is not UTF-8")]
    )
    def test_name_one_that_says_nothing(self, apples, content, said):
        """An empty line in a changelog helps nobody."""
        (apples.folder / "changes/+peel.added.md").write_bytes(content)

        (fault,) = faults_of_fragments(apples)

        assert said in fault

    def test_name_a_link(self, apples):
        """A link would publish what is at its other end."""
        (apples.folder / "changes/+peel.added.md").symlink_to(apples.pyproject)

        (fault,) = faults_of_fragments(apples)

        assert "is no fragment" in fault

    def test_name_letters_that_git_writes_as_codes(self, apples):
        """It would be in the changelog, and stay where it is."""
        (apples.folder / "changes/+größe.added.md").write_text("Larger.")

        (fault,) = faults_of_fragments(apples)

        assert "is no fragment" in fault

    @pytest.mark.parametrize("control", ["\x1b[2J", "\x07", "\x9b2J", "\x00"])
    def test_name_what_a_terminal_would_obey(self, apples, control):
        """The text is shown in terminals, and is published."""
        (apples.folder / "changes/+peel.added.md").write_text(f"Peels.{control}\n")

        (fault,) = faults_of_fragments(apples)

        assert fault.endswith("has a control character in it: write plain text")

    def test_name_a_folder(self, apples):
        """A folder is no fragment, whatever it is called."""
        (apples.folder / "changes/+peel.added.md").mkdir()

        (fault,) = faults_of_fragments(apples)

        assert "is no fragment" in fault


class TestFaultsOfChangelog:
    def test_say_that_a_version_is_there(self, apples):
        """A version is written once."""
        with (apples.folder / "CHANGELOG.md").open("a") as changelog:
            changelog.write("\n## 1.2.0 - 2026-11-22\n")

        faults = {version: list(faults_before_release(apples, version)) for version in VERSIONS}

        assert {version for version, found in faults.items() if found} == {"1.2.0"}
        assert faults["1.2.0"] == ["apples: CHANGELOG.md has a section for 1.2.0 already"]

    def test_say_that_there_is_none(self, apples):
        """What is not there has no marker."""
        (apples.folder / "CHANGELOG.md").unlink()

        (fault,) = faults_before_release(apples, "1.2.0")

        assert "write the line <!-- towncrier release notes start --> above the newest" in fault


VERSIONS = ("1.2.0", "1.2", "1.2.0.1", "1.20.0", "11.2.0")


class TestRaiseVersion:
    @pytest.mark.parametrize(
        ("version", "level", "raised"),
        [
            ("1.2.3", Level.PATCH, "1.2.4"),
            ("1.2.3", Level.MINOR, "1.3.0"),
            ("1.2.3", Level.MAJOR, "2.0.0"),
            ("0.2.3", Level.PATCH, "0.2.4"),
            ("0.2.3", Level.MINOR, "0.2.4"),
            ("0.2.3", Level.MAJOR, "0.3.0"),
        ],
    )
    def test_counts(self, version, level, raised):
        """What is lower than the part that is raised begins again; before 1.0 all is one lower."""
        assert str(raise_version(Version(version), level)) == raised
