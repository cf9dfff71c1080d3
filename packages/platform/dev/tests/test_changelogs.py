"""Fragments and changelogs: what they declare, and their faults."""

import tomllib

import pytest

from mercato_dev.changelogs import (
    LEVELS,
    faults_before_release,
    faults_of_fragments,
    read_fragments,
)
from mercato_dev.distributions import Distribution

from .orchard import ROOT, begin_changelog, write_distribution


@pytest.fixture
def apples(tmp_path):
    """Return a distribution without fragments."""
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
        """The type decides the level, and the text is the reason."""
        (apples.folder / "changes" / name).write_text("\nPeels, at last.\nOn every side.\n")

        (reason,) = read_fragments(apples)

        assert str(reason.level) == level
        assert reason.what == f"{name}: Peels, at last. On every side."
        assert list(faults_of_fragments(apples)) == []

    def test_knows_the_types_of_the_changelog(self):
        """Each type in the settings of towncrier has a level, in the same order."""
        settings = tomllib.loads((ROOT / "pyproject.toml").read_text())

        types = [one["directory"] for one in settings["tool"]["towncrier"]["type"]]

        assert types == list(LEVELS)


class TestFaultsOfFragments:
    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("+peel.fixd.md", "has an unknown type: 'fixd' is not one of breaking, removed, added"),
            ("+peel.fixd.md", "Did you mean 'fixed'?"),
            ("+peel.added.old.md", "is not a fragment: use a name such as +short-name.added.md"),
            ("peel.added.md", "is not a fragment"),
            ("+peel.added", "is not a fragment"),
            ("README.md", "is not a fragment"),
            ("notes.txt", "is not a fragment"),
        ],
    )
    def test_name_an_invalid_file_name(self, apples, name, said):
        """Names that towncrier would ignore or misread are faults."""
        (apples.folder / "changes" / name).write_text("Peels.")

        (fault,) = faults_of_fragments(apples)

        assert fault.startswith(f"apples: changes/{name} ")
        assert said in fault
        assert list(read_fragments(apples)) == []

    @pytest.mark.parametrize(
        ("content", "said"), [(b"", "is empty"), (b" \n", "is empty"), (b"\xff", "is not UTF-8")]
    )
    def test_name_an_empty_fragment(self, apples, content, said):
        """An empty or unreadable fragment is a fault."""
        (apples.folder / "changes/+peel.added.md").write_bytes(content)

        (fault,) = faults_of_fragments(apples)

        assert said in fault

    def test_name_a_link(self, apples):
        """A symbolic link is a fault, because its target would be published."""
        (apples.folder / "changes/+peel.added.md").symlink_to(apples.pyproject)

        (fault,) = faults_of_fragments(apples)

        assert "is not a fragment" in fault

    def test_name_letters_that_git_quotes(self, apples):
        """A name with non-ASCII letters is a fault: towncrier would not remove the file."""
        (apples.folder / "changes/+größe.added.md").write_text("Larger.")

        (fault,) = faults_of_fragments(apples)

        assert "is not a fragment" in fault

    @pytest.mark.parametrize("control", ["\x1b[2J", "\x07", "\x9b2J", "\x00"])
    def test_name_a_control_character(self, apples, control):
        """A control character is a fault, because a terminal would execute it."""
        (apples.folder / "changes/+peel.added.md").write_text(f"Peels.{control}\n")

        (fault,) = faults_of_fragments(apples)

        assert fault.endswith("contains a control character: write plain text")

    def test_name_a_folder(self, apples):
        """A folder with the name of a fragment is a fault."""
        (apples.folder / "changes/+peel.added.md").mkdir()

        (fault,) = faults_of_fragments(apples)

        assert "is not a fragment" in fault


class TestFaultsOfChangelog:
    def test_name_a_version_that_has_a_section(self, apples):
        """A second section for a version is a fault; similar versions are not."""
        with (apples.folder / "CHANGELOG.md").open("a") as changelog:
            changelog.write("\n## 1.2.0 - 2026-11-22\n")

        faults = {version: list(faults_before_release(apples, version)) for version in VERSIONS}

        assert {version for version, found in faults.items() if found} == {"1.2.0"}
        assert faults["1.2.0"] == ["apples: CHANGELOG.md has a section for 1.2.0 already"]

    def test_name_a_missing_changelog(self, apples):
        """A missing changelog is a fault, because it has no marker."""
        (apples.folder / "CHANGELOG.md").unlink()

        (fault,) = faults_before_release(apples, "1.2.0")

        assert "write the line <!-- towncrier release notes start --> above the newest" in fault


VERSIONS = ("1.2.0", "1.2", "1.2.0.1", "1.20.0", "11.2.0")
