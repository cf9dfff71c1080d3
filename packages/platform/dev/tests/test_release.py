"""``nox -s release`` writes a version and its changelog, commits and tags."""

import shutil
import tempfile
from pathlib import Path

import pytest

from mercato_dev.wheel_writer import closure, pack_installed

from .lending_library import FEATURE, MIGRATION
from .orchard import ROOT, begin_changelog, copy_settings, run_session, stand_in, write_feature
from .team import BEFORE, Team

CHANGES = {
    'fields = ("id", "title", "state")': 'fields = ("id", "title")',
    "Mapped[str] = mapped_column(sa.String(100))": "Mapped[str] = mapped_column(sa.String(50))",
    "    days: int = 30\n": "",
}


class TestRelease:
    def test_makes_the_first_one(self, planted):
        """The first release has the version in pyproject.toml."""
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
        """Version, changelog, commit and tag agree; a second release is refused."""
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
        # The sessions ran with the new version.
        assert "apples is 1.1.0 here" in told
        assert "apples is 1.0.0 here" not in told
        assert "Here is tests(apples)" in told
        assert "Nothing changed since apples-v1.1.0" in released.refuse()

    def test_takes_a_change_of_the_tests_alone(self, released):
        """A change of the tests with a fragment can be released, because tests are published."""
        released.write("tests/test_more.py", "")
        released.write("changes/+tests.fixed.md", "The tests run anywhere.")
        released.commit()

        assert "1.0.0 -> 1.0.1: patch" in released.release()

    def test_releases_in_the_order_of_the_requirements(self, planted):
        """A distribution is released after those that it requires, in any order of arguments."""
        settings = planted.root / "packages/apples/pyproject.toml"
        needs = 'dependencies = ["mercato-pears>=1.0,<2"]'
        settings.write_text(settings.read_text().replace("dependencies = []", needs))
        planted.commit()

        told = planted.release("apples", "pears")

        subjects = planted.git("log", "-2", "--format=%s").splitlines()
        assert subjects == ["apples: release 1.0.0", "pears: release 1.0.0"]
        # Sessions of the whole workspace run once, those of a unit before its release.
        assert [told.count(f"Here is {name} ") for name in ("types", "pace")] == [1, 1]
        assert [told.count(f"Here is tests({name}) ") for name in ("apples", "pears")] == [1, 1]

    def test_counts_one_place_lower_before_1(self, planted):
        """Before 1.0, a breaking change raises the minor version, with an explanation."""
        planted.write_version("0.3.1")
        (planted.root / "packages/apples/changes/+first.added.md").unlink()
        planted.commit()
        planted.git("tag", "--annotate", "--message=apples", "apples-v0.3.1")
        planted.change("", breaking="Eat the peel.")

        told = planted.release()

        assert "0.3.1 -> 0.4.0: major" in told
        assert "before 1.0" in told

    def test_maintains_an_older_version(self, released):
        """On a maintenance branch, the last release is that of the branch."""
        released.change("", breaking="Eat the peel.")
        released.release()
        released.git("switch", "--quiet", "--create", "apples-1", "apples-v1.0.0")
        released.change(BEFORE, fixed="Peels.")

        assert "1.0.0 -> 1.0.1: patch" in released.release()

    def test_keeps_a_version_that_is_high_enough(self, released):
        """A version in pyproject.toml that is higher than needed is kept."""
        released.write_version("2.0.0")
        released.change(BEFORE, fixed="Peels.")

        told = released.release()

        assert "pyproject.toml has 2.0.0, higher than needed: 1.0.1" in told
        assert released.git("tag").splitlines() == ["apples-v1.0.0", "apples-v2.0.0"]

    def test_raises_more_where_that_is_asked(self, released):
        """A higher level than needed can be requested."""
        released.change(BEFORE, fixed="Peels.")

        released.release("apples", "--bump", "minor")

        assert released.git("tag").splitlines() == ["apples-v1.0.0", "apples-v1.1.0"]

    def test_only_prints_what_it_would_do(self, released):
        """A dry run prints the reasons and the changelog, and changes nothing."""
        released.change(BEFORE, fixed="Peels.")
        before = released.state()

        told = released.release("apples", "--dry-run")

        assert "mercato-apples 1.0.0 -> 1.0.1: patch" in told
        assert "### Fixed\n\n- Peels." in told
        assert "Here is tests(apples)" not in told
        assert released.state() == before

    def test_has_a_help(self, planted):
        """``--help`` lists the options."""
        told = planted.release("--help")

        assert "--dry-run" in told
        assert "--bump" in told


SEEN = """

@nox.session(venv_backend="none")
def seen(session: nox.Session) -> None:
    from mercato_dev.history import find_last_release
    from mercato_dev.surfaces.changes import find_changes

    item = find_distribution("kit")
    for reason in find_changes(item, find_last_release(item)):
        session.log(str(reason))
"""


@pytest.fixture(scope="module")
def host():
    """Return a folder with the wheels of a host, of what tests require, and of their needs."""
    # uv caches a wheel by its path, also if the file changes: the folder has a random name.
    with tempfile.TemporaryDirectory() as folder:
        for name in closure("mercato-testing"):
            if name.startswith("mercato-") and name != "mercato-kit":
                pack_installed(Path(folder), name)
        yield Path(folder)


@pytest.fixture(scope="module")
def first_library(tmp_path_factory, environments, host):
    """Return a workspace with our kit and a feature, both released as 1.0.0."""
    root = tmp_path_factory.mktemp("library")
    library = Team(root, environments, "library", "kit")
    copy_settings(root)
    stand_in(root)
    with (root / "noxfile.py").open("a") as noxfile:
        noxfile.write(SEEN)
    kit = ROOT / "packages/platform/kit"
    shutil.copytree(kit, root / "packages/platform/kit", ignore=shutil.ignore_patterns("tests"))
    write_feature(root, "library", version="1.0.0", needs='["mercato-kit>=1.0,<2"]')
    begin_changelog(root, "library")
    settings = root / "packages/library/pyproject.toml"
    tested = settings.read_text().replace("test = [", 'test = ["mercato-testing>=1.0", ')
    settings.write_text(tested)
    (root / "packages/library/changes/+first.added.md").unlink()
    library.write("src/mercato_library/__init__.py", '__all__ = ["feature"]\n', "library")
    library.write("src/mercato_library/migrations/versions/0001_initial.py", MIGRATION, "library")
    library.write("src/mercato_library/feature.py", FEATURE, "library")
    library.git("init", "--quiet", "--initial-branch=main")
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("UV_FIND_LINKS", str(host))
        library.commit()
    library.git("tag", "--annotate", "--message=library", "library-v1.0.0")
    library.git("tag", "--annotate", "--message=platform", "platform-v1.0.0")
    return root


@pytest.fixture
def library(first_library, author, tmp_path, environments, host, monkeypatch):
    """Return a copy of the workspace with a kit and a feature, where a host can be installed."""
    monkeypatch.setenv("UV_FIND_LINKS", str(host))
    root = shutil.copytree(first_library, tmp_path / "library")
    return Team(root, environments, "library", "kit")


class TestWhatIsSeen:
    def test_is_http_tables_and_manifest(self, library):
        """Removals from HTTP, tables and manifest of a feature need a major release."""
        code = FEATURE
        for old, new in CHANGES.items():
            code = code.replace(old, new)
        library.write("src/mercato_library/feature.py", code, "library")
        library.write("changes/+tidy.fixed.md", "Tidier.", "library")
        library.commit()

        told = library.refuse("library", "--dry-run")

        assert "the fragments declare patch, the changes need major:" in told
        field = "components > read > schemas/LibraryBook > .state"
        assert f"major  http      {field} is gone" in told
        assert "major  tables    library_book > .title > length was 100, is 50" in told
        assert "major  manifest  settings > library.days is gone" in told

    def test_is_what_features_have_of_the_kit(self, library):
        """A kit that changes the HTTP of features needs a major release; the features do not.

        The snapshots of the features must be committed with it.
        """
        change_the_kit(library)
        library.git("add", "--all")
        library.git("commit", "--quiet", "--message=kit: another word")
        late = library.refuse("platform", "--dry-run")
        library.write("README.md", "Fruit of the forest.", "library")
        library.write("changes/+words.fixed.md", "Words.", "library")
        library.commit()

        told = library.refuse("platform", "--dry-run")
        told_of_the_library = library.run("library", "--dry-run").stderr

        assert "packages/library/surface.json is not what is shown (operations > GET" in late
        assert "run `nox -s surface -- library` and commit it" in late
        assert ", the changes need major:" in told
        assert "operations > GET /v1/shelves/{book_id} > x-permission is gone" in told
        assert "mercato-library 1.0.0 -> 1.0.1: patch" in told_of_the_library

    def test_is_not_what_was_undone(self, library):
        """A change that was undone before the release needs nothing, also if noticed late."""
        snapshot = library.root / "packages/library/surface.json"
        before = snapshot.read_text()
        change_the_kit(library)
        library.git("commit", "--quiet", "--all", "--message=kit: another word")
        snapshot.write_text(before.replace("x-permission", "x-policy"))
        library.git("commit", "--quiet", "--all", "--message=library: as it is shown")
        late = run_session(library.root, "seen")
        change_the_kit(library, "x-policy", "x-permission")
        snapshot.write_text(before)
        library.git("commit", "--quiet", "--all", "--message=kit: the first word")

        undone = run_session(library.root, "seen")

        assert "operations > GET /v1/shelves/{book_id} > x-permission is gone" in late.stderr
        assert undone.returncode == 0, undone.stderr
        assert "x-permission is gone" not in undone.stderr


def change_the_kit(team, old="x-permission", new="x-policy"):
    """Rename a keyword of the HTTP document in the kit, with a fragment of a fix."""
    file = "src/mercato_kit/http/documentation.py"
    code = (team.root / "packages/platform/kit" / file).read_text()
    assert old in code
    team.write(file, code.replace(old, new), "platform/kit")
    team.write("changes/+tidy.fixed.md", "Tidier.", "platform/kit")
