"""``nox -s release`` makes a version, its changelog, a commit and a tag; or nothing at all."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from .library import FEATURE
from .library import MIGRATION
from .orchard import ROOT
from .orchard import begin_changelog
from .orchard import copy_settings
from .orchard import run_session
from .orchard import stand_in
from .orchard import write_distribution
from .orchard import write_feature

CHANGES = {
    'fields = ("id", "title", "state")': 'fields = ("id", "title")',
    "Mapped[str] = mapped_column(sa.String(100))": "Mapped[str] = mapped_column(sa.String(50))",
    "    days: int = 30\n": "",
}
BEFORE = "def peel(times):\n    return times\n"


class Orchard:
    """A workspace under git, and what its team does there."""

    def __init__(self, root: Path, environments: Path) -> None:
        self.root = root
        self.environments = environments

    def git(self, *words: str) -> str:
        """Ask git; return what it answers, without the last line feed."""
        command = ["git", "-c", "user.name=ada", "-c", "user.email=ada@example.com", *words]
        done = subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.removesuffix("\n")

    def write(self, path: str, text: str, name: str = "apples") -> None:
        """Write a file of a distribution."""
        file = self.root / "packages" / name / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    def read(self, path: str) -> str:
        """Read a file of the apples."""
        return (self.root / "packages/apples" / path).read_text()

    def write_code(self, code: str) -> None:
        """Write what the apples can do."""
        self.write("src/mercato_apples/__init__.py", f'"""Apples."""\n\n\n{code}')

    def write_version(self, version: str) -> None:
        """Raise the version of the apples by hand."""
        file = self.root / "packages/apples/pyproject.toml"
        (line,) = (one for one in file.read_text().splitlines() if one.startswith("version"))
        file.write_text(file.read_text().replace(line, f'version = "{version}"'))

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=apples: ripen")

    def change(self, code: str, **fragments: str) -> None:
        """Change what the apples can do, and say so in fragments: the text of each, by type."""
        self.write_code(code)
        for kind, text in fragments.items():
            self.write(f"changes/+change.{kind}.md", text)
        self.commit()

    def release(self, *words: str) -> str:
        """Release the apples, or what is said instead; return what is told."""
        done = self.run(*(words or ["apples"]))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def refuse(self, *words: str) -> str:
        """Expect that a release is refused and leaves nothing; return why."""
        before = self.state()
        done = self.run(*(words or ["apples"]))
        assert done.returncode != 0, done.stdout + done.stderr
        assert self.state() == before
        return done.stdout + done.stderr

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the session."""
        return run_session(self.root, "release", f"--envdir={self.environments}", "--", *words)

    def state(self) -> tuple[str, str, str]:
        """Say everything that a release changes."""
        return self.git("log"), self.git("tag"), self.git("status", "--porcelain")


@pytest.fixture(scope="session")
def environments(tmp_path_factory):
    """Offer one place for the environments of all these tests: each is as it was told last."""
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def planted(tmp_path, environments, monkeypatch):
    """Offer a workspace of apples and pears, neither of which was released."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")
    copy_settings(tmp_path)
    stand_in(tmp_path)
    orchard = Orchard(tmp_path, environments)
    for name in ("apples", "pears"):
        write_distribution(tmp_path, name, version="1.0.0")
        begin_changelog(tmp_path, name)
    orchard.write_code(BEFORE)
    orchard.git("init", "--quiet", "--initial-branch=main")
    orchard.commit()
    return orchard


@pytest.fixture
def released(planted):
    """Offer a workspace whose apples were released as 1.0.0."""
    (planted.root / "packages/apples/changes/+first.added.md").unlink()
    planted.commit()
    planted.git("tag", "--annotate", "--message=apples", "apples-v1.0.0")
    return planted


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
        assert "minor  Python    mercato_apples.core: new function" in told
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


class TestRefusals:
    def test_fragments_that_say_less_than_what_is_seen(self, released):
        """What breaks is not released as a fix; each reason has a line."""
        released.change("", fixed="Peels.")

        told = released.refuse()

        assert "the fragments say patch, the changes need major:" in told
        assert "major  Python    mercato_apples.peel: public object was removed" in told

    def test_less_than_is_needed(self, released):
        """Asking for less changes nothing about what is needed."""
        released.change(BEFORE, added="Cores.")

        assert "asked patch, the changes need minor" in released.refuse("apples", "--bump", "patch")

    def test_a_level_for_the_first_release(self, planted):
        """There is nothing to raise."""
        assert "not --bump minor" in planted.refuse("apples", "--bump", "minor")

    def test_no_fragment(self, released):
        """Users are told what changed, whatever it is."""
        released.change("def peel(times):\n    return 2 * times\n")

        told = released.refuse()

        assert "no fragment: say to the users of mercato-apples what changed" in told
        assert "packages/apples/changes/+short-name.added.md" in told

    def test_a_fragment_that_is_none(self, released):
        """A slip in a name does not keep a change out of the changelog."""
        released.change(BEFORE, fixed="Peels.", fixd="Cores.")

        assert "changes/+change.fixd.md has no type" in released.refuse()

    def test_a_version_that_was_raised_too_little(self, released):
        """A version that somebody wrote is held to the same rule."""
        released.write_version("1.0.1")
        released.change(BEFORE, added="Cores.")

        told = released.refuse()

        assert "bump too small: the pyproject.toml says 1.0.1" in told
        assert "need 1.1.0 (minor)" in told

    def test_a_version_that_was_lowered(self, released):
        """Versions only rise."""
        released.write_version("0.9.0")
        released.change(BEFORE, fixed="Peels.")

        assert "0.9.0 in the pyproject.toml is lower than apples-v1.0.0" in released.refuse()

    @pytest.mark.parametrize("version", ["1.1", "1.1.0rc1"])
    def test_a_version_of_another_form(self, released, version):
        """A tag says three numbers."""
        released.write_version(version)
        released.change(BEFORE, fixed="Peels.")

        assert f"{version} in the pyproject.toml is not of the form 1.2.3" in released.refuse()

    def test_a_changelog_without_a_place_for_it(self, released):
        """Without it, towncrier writes above the title."""
        released.write("CHANGELOG.md", "# Changelog\n")
        released.change(BEFORE, fixed="Peels.")

        assert "CHANGELOG.md does not say where releases go" in released.refuse()

    def test_what_is_not_committed(self, released):
        """What an interrupted release left is named, with the way out."""
        released.change(BEFORE, fixed="Peels.")
        released.write_version("1.0.1")

        told = released.refuse()

        assert "not committed: packages/apples/pyproject.toml" in told
        assert "git restore --staged --worktree ." in told

    def test_a_release_that_was_stopped_before_its_tag(self, released):
        """A commit of a release without a tag is half of one."""
        released.change(BEFORE, fixed="Peels.")
        released.release()
        released.git("tag", "--delete", "apples-v1.0.1")

        assert "git reset --keep HEAD~1" in released.refuse()

    def test_a_tag_of_another_branch(self, released):
        """A version has one commit."""
        released.change(BEFORE, fixed="Peels.")
        released.release()
        released.git("switch", "--quiet", "--create", "another", "apples-v1.0.0")
        released.change(BEFORE, fixed="Cores.")

        assert "apples-v1.0.1 is a tag already" in released.refuse()

    def test_no_branch(self, released):
        """A commit on no branch would be lost."""
        released.change(BEFORE, fixed="Peels.")
        released.git("switch", "--quiet", "--detach")

        assert "HEAD is on no branch" in released.refuse()

    def test_a_name_that_there_is_not(self, planted):
        """A slip is answered with a guess."""
        assert "Did you mean 'apples'?" in planted.refuse("aples")


@pytest.fixture
def library(planted):
    """Offer a workspace with our kit and host, and a feature that was released as 1.0.0."""
    for name in ("packages/kit", "host"):
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
        assert (
            "major  HTTP      POST /v1/books and GET /v1/shelves/{book_id}: 201 response:" in told
        )
        assert "field state is gone" in told
        assert "major  table     library_book: column title was VARCHAR(100)" in told
        assert "major  manifest  setting library.days is gone" in told


class TestUndoing:
    @pytest.mark.parametrize("end", ["fail", "interrupt", "interrupt all"])
    def test_what_is_not_proven(self, released, monkeypatch, end):
        """A red session, and Ctrl-C, leave everything as it was."""
        released.change(BEFORE, fixed="Peels.")
        monkeypatch.setenv("ORCHARD", json.dumps({"tests(apples)": end}))

        told = released.refuse()

        assert "mercato-apples is not released; its files are as they were" in told
        assert 'version = "1.0.0"' in released.read("pyproject.toml")

    def test_what_changed_while_it_was_proven(self, released, monkeypatch):
        """Nobody knows whether it was proven with the change, or without."""
        released.change(BEFORE, fixed="Peels.")
        head = released.git("rev-parse", "HEAD")
        monkeypatch.setenv("ORCHARD", json.dumps({"tests(apples)": "write"}))

        done = released.run("apples")

        assert done.returncode != 0
        assert "Something changed while it was proven: ?? meanwhile.txt" in done.stderr
        assert released.git("rev-parse", "HEAD") == head
        assert released.git("status", "--porcelain") == "?? meanwhile.txt"

    def test_a_commit_that_a_hook_refuses(self, released):
        """What the hook says is told."""
        released.change(BEFORE, fixed="Peels.")
        hook = released.root / ".git/hooks/commit-msg"
        hook.write_text("#!/bin/sh\necho no releases on Sundays >&2\nexit 1\n")
        hook.chmod(0o755)

        assert "no releases on Sundays" in released.refuse()

    def test_a_tag_that_cannot_be_made(self, released):
        """A commit without a tag is no release."""
        released.change(BEFORE, fixed="Peels.")
        lock = released.root / ".git/refs/tags/apples-v1.0.1.lock"
        lock.touch()

        assert "apples-v1.0.1.lock" in released.refuse()
