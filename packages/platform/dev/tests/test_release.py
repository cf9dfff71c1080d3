"""``nox -s release`` makes a version, its changelog, a commit and a tag."""

import shutil

import pytest

from .lending_library import FEATURE, MIGRATION
from .orchard import ROOT, begin_changelog, write_feature
from .team import BEFORE

CHANGES = {
    'fields = ("id", "title", "state")': 'fields = ("id", "title")',
    "Mapped[str] = mapped_column(sa.String(100))": "Mapped[str] = mapped_column(sa.String(50))",
    "    days: int = 30\n": "",
}


class TestRelease:
    def test_makes_the_first_one(self, planted):
        """The first release is called as its pyproject.toml says."""
        told = planted.release()

        assert "mercato-apples 1.0.0: the first release" in told
        assert "Next: nox -s publish -- apples-v1.0.0" in told
        assert planted.git("log", "-1", "--format=%s") == "apples: release 1.0.0"
        assert planted.git("cat-file", "-t", "apples-v1.0.0") == "tag"
        assert planted.git("rev-parse", "apples-v1.0.0^{}") == planted.git("rev-parse", "HEAD")
        assert planted.git("status", "--porcelain") == ""
        assert planted.git("show", "--format=", "--name-only").splitlines() == [
            "packages/apples/CHANGELOG.md",
            "packages/apples/changes/+first.added.md",
        ]

    def test_raises_the_version_by_what_the_changes_need(self, released):
        """Version, changelog, commit and tag agree, and the reasons were told line by line."""
        released.change(BEFORE + "\n\ndef core():\n    return 1\n", fixed="Peels.", added="Cores.")

        told = released.release()

        assert "mercato-apples 1.0.0 -> 1.1.0: minor" in told
        assert "minor  fragment  +change.added.md: Cores." in told
        assert "patch  fragment  +change.fixed.md: Peels." in told
        assert "minor  python    mercato_apples > .core is new" in told
        assert 'version = "1.1.0"' in released.read("pyproject.toml")
        changelog = released.read("CHANGELOG.md")
        assert "\n## 1.1.0 - " in changelog
        assert "### Added\n\n- Cores.\n\n### Fixed\n\n- Peels.\n" in changelog
        files = released.git("show", "--format=", "--name-only", "apples-v1.1.0^{}").splitlines()
        assert files == [
            "packages/apples/CHANGELOG.md",
            "packages/apples/changes/+change.added.md",
            "packages/apples/changes/+change.fixed.md",
            "packages/apples/pyproject.toml",
        ]

    def test_releases_nothing_twice(self, released):
        """Who releases again is told that nothing changed."""
        released.change(BEFORE, fixed="Peels.")
        released.release()

        told = released.refuse()

        assert "Nothing changed since apples-v1.0.1" in told

    def test_takes_a_change_of_the_tests_alone(self, released):
        """Tests are published, too; whoever says so in a fragment may release them."""
        released.write("tests/test_more.py", "")
        released.write("changes/+tests.fixed.md", "The tests run anywhere.")
        released.commit()

        assert "1.0.0 -> 1.0.1: patch" in released.release()

    def test_runs_what_proves_it_with_the_new_version(self, released):
        """What was proven is what is committed."""
        released.change(BEFORE, fixed="Peels.")

        told = released.release()

        assert "apples is 1.0.1 here" in told
        assert "apples is 1.0.0 here" not in told
        assert "Here is tests(apples)" in told

    def test_releases_in_the_order_of_the_requirements(self, planted):
        """What another one requires is released before it, however they were typed."""
        settings = planted.root / "packages/apples/pyproject.toml"
        needs = 'dependencies = ["mercato-pears>=1.0,<2"]'
        settings.write_text(settings.read_text().replace("dependencies = []", needs))
        planted.commit()

        planted.release("apples", "pears")

        subjects = planted.git("log", "-2", "--format=%s").splitlines()
        assert subjects == ["apples: release 1.0.0", "pears: release 1.0.0"]

    def test_counts_one_place_lower_before_1(self, planted):
        """Before 1.0 what breaks raises the minor version, and that is said."""
        planted.write_version("0.3.1")
        (planted.root / "packages/apples/changes/+first.added.md").unlink()
        planted.commit()
        planted.git("tag", "--annotate", "--message=apples", "apples-v0.3.1")
        planted.change("", breaking="Eat the peel.")

        told = planted.release()

        assert "0.3.1 -> 0.4.0: major" in told
        assert "before 1.0" in told

    def test_maintains_an_older_version(self, released):
        """On the branch of an older version, the release before is that of the branch."""
        released.change("", breaking="Eat the peel.")
        released.release()
        released.git("switch", "--quiet", "--create", "apples-1", "apples-v1.0.0")
        released.change(BEFORE, fixed="Peels.")

        assert "1.0.0 -> 1.0.1: patch" in released.release()

    def test_keeps_a_version_that_is_high_enough(self, released):
        """Whoever raised the version with the first change is taken at his word."""
        released.write_version("2.0.0")
        released.change(BEFORE, fixed="Peels.")

        told = released.release()

        assert "the pyproject.toml says 2.0.0, more than is needed: 1.0.1" in told
        assert released.git("tag").splitlines() == ["apples-v1.0.0", "apples-v2.0.0"]

    def test_raises_more_where_that_is_asked(self, released):
        """A team may call more than is seen."""
        released.change(BEFORE, fixed="Peels.")

        released.release("apples", "--bump", "minor")

        assert released.git("tag").splitlines() == ["apples-v1.0.0", "apples-v1.1.0"]

    def test_only_says_what_it_would_do(self, released):
        """A dry run shows the reasons and the changelog, and changes nothing."""
        released.change(BEFORE, fixed="Peels.")
        before = released.state()

        told = released.release("apples", "--dry-run")

        assert "mercato-apples 1.0.0 -> 1.0.1: patch" in told
        assert "### Fixed\n\n- Peels." in told
        assert "Here is tests(apples)" not in told
        assert released.state() == before

    def test_teaches(self, planted):
        """``--help`` says what can be typed."""
        told = planted.release("--help")

        assert "--dry-run" in told
        assert "--bump" in told


@pytest.fixture
def library(planted):
    """Offer a workspace with our platform, and a feature that was released as 1.0.0."""
    for name in ("packages/platform", "host"):
        shutil.copytree(ROOT / name, planted.root / name, dirs_exist_ok=True)
    write_feature(planted.root, "library", version="1.0.0", needs='["mercato-kit>=1.0,<2"]')
    begin_changelog(planted.root, "library")
    (planted.root / "packages/library/changes/+first.added.md").unlink()
    planted.write("src/mercato_library/__init__.py", '__all__ = ["feature"]\n', "library")
    planted.write("src/mercato_library/migrations/versions/0001_initial.py", MIGRATION, "library")
    planted.write("src/mercato_library/feature.py", FEATURE, "library")
    planted.commit()
    planted.git("tag", "--annotate", "--message=library", "library-v1.0.0")
    return planted


class TestWhatIsSeen:
    def test_is_http_tables_and_manifest(self, library):
        """What clients, databases and operators lose is no fix."""
        code = FEATURE
        for old, new in CHANGES.items():
            code = code.replace(old, new)
        library.write("src/mercato_library/feature.py", code, "library")
        library.write("changes/+tidy.fixed.md", "Tidier.", "library")
        library.commit()

        told = library.refuse("library", "--dry-run")

        assert "the fragments say patch, the changes need major:" in told
        field = "components > read > schemas/LibraryBook > .state"
        assert f"major  http      {field} is gone" in told
        assert "major  tables    library_book > .title > length was 100, is 50" in told
        assert "major  manifest  settings > library.days is gone" in told

    def test_is_what_features_have_of_the_kit(self, library):
        """A kit that every feature answers otherwise with says so, though no name of it changed.

        The features themselves are not to blame.
        """
        library.git("tag", "--annotate", "--message=platform", "platform-v1.0.0")
        change_the_kit(library)
        library.commit()
        library.write("README.md", "Fruit of the forest.", "library")
        library.write("changes/+words.fixed.md", "Words.", "library")
        library.commit()

        told = library.refuse("platform", "--dry-run")
        told_of_the_library = library.run("library", "--dry-run").stderr

        assert ", the changes need major:" in told
        assert "operations > GET /v1/shelves/{book_id} > x-permission is gone" in told
        assert "mercato-library 1.0.0 -> 1.0.1: patch" in told_of_the_library

    def test_is_refused_where_the_file_is_late(self, library):
        """What the kit changes of a feature is committed with it, in the feature's file."""
        library.git("tag", "--annotate", "--message=platform", "platform-v1.0.0")
        change_the_kit(library)
        library.git("add", "--all")
        library.git("commit", "--quiet", "--message=kit: another word")

        told = library.refuse("platform", "--dry-run")

        assert "packages/library/surface.json is not what is shown (operations > GET" in told
        assert "run `nox -s surface -- library` and commit it" in told

    def test_is_put_down_to_the_kit_where_the_file_is_late(self, library):
        """A file that another commit mends still belongs to the change that it is of."""
        library.git("tag", "--annotate", "--message=platform", "platform-v1.0.0")
        change_the_kit(library)
        library.git("add", "--all")
        library.git("commit", "--quiet", "--message=kit: another word")
        library.write("README.md", "Fruit of the forest.", "library")
        library.commit()

        told = library.refuse("platform", "--dry-run")

        assert "operations > GET /v1/shelves/{book_id} > x-permission is gone" in told

    def test_is_not_what_was_taken_back(self, library):
        """What is as it was released needs nothing."""
        library.git("tag", "--annotate", "--message=platform", "platform-v1.0.0")
        change_the_kit(library)
        library.commit()
        change_the_kit(library, "x-policy", "x-permission")
        library.commit()

        told = library.run("platform", "--dry-run")

        assert "x-permission is gone" not in told.stderr


def change_the_kit(team, old="x-permission", new="x-policy"):
    """Give a word of the HTTP document another name, and call it a fix."""
    file = "src/mercato_kit/http/blueprint.py"
    code = (team.root / "packages/platform/kit" / file).read_text()
    assert old in code
    team.write(file, code.replace(old, new), "platform/kit")
    team.write("changes/+tidy.fixed.md", "Tidier.", "platform/kit")
