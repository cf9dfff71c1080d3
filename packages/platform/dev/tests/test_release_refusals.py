"""``nox -s release`` changes nothing if it cannot release."""

import json

import pytest

from .team import BEFORE


class TestRefusals:
    def test_less_than_is_needed(self, released):
        """Fragments, a version and an option that are lower than needed are refused."""
        released.write_version("1.0.1")
        released.change("", fixed="Peels.")

        told = released.refuse("apples", "--bump", "patch")

        assert "the fragments declare patch, the changes need major:" in told
        assert "major  python    mercato_apples > .peel is gone" in told
        assert "bump too small: pyproject.toml has 1.0.1" in told
        assert "need 2.0.0 (major)" in told
        assert "asked patch, the changes need major" in told

    def test_what_is_not_committed(self, released):
        """Uncommitted files are listed, even if git hides new ones, with the way to restore."""
        released.change(BEFORE, fixed="Peels.")
        released.write_version("1.0.1")
        released.git("config", "status.showUntrackedFiles", "no")
        released.write("src/mercato_apples/_new.py", "")

        told = released.refuse()

        assert "not committed: packages/apples/pyproject.toml" in told
        assert "not committed: packages/apples/src/mercato_apples/_new.py" in told
        assert "`git restore --staged --worktree .`" in told

    def test_a_release_that_nothing_is_known_of(self, released):
        """A last release without a surface.json is refused."""
        (released.root / "packages/apples/surface.json").unlink()
        released.git("add", "--all")
        released.git("commit", "--quiet", "--amend", "--no-edit")
        released.git("tag", "--force", "--annotate", "--message=apples", "apples-v1.0.0")
        released.change("", fixed="Peels.")

        assert (
            "apples-v1.0.0 or this tree has no surface.json of mercato-apples" in released.refuse()
        )

    def test_a_level_for_the_first_release(self, planted):
        """The first release has no level."""
        assert "not --bump minor" in planted.refuse("apples", "--bump", "minor")

    def test_a_release_that_was_stopped_before_its_tag(self, released):
        """A release commit without its tag is refused, with the command that undoes it."""
        released.change(BEFORE, fixed="Peels.")
        released.release()
        released.git("tag", "--delete", "apples-v1.0.1")

        assert "`git reset --keep HEAD~1`" in released.refuse()

    def test_a_tag_of_another_branch(self, released):
        """A version that is tagged on another branch is refused."""
        released.change(BEFORE, fixed="Peels.")
        released.release()
        released.git("switch", "--quiet", "--create", "another", "apples-v1.0.0")
        released.change(BEFORE, fixed="Cores.")

        assert "apples-v1.0.1 is already a tag" in released.refuse()

    def test_no_branch(self, released):
        """A detached HEAD is refused."""
        released.change(BEFORE, fixed="Peels.")
        released.git("switch", "--quiet", "--detach")

        assert "HEAD is not on a branch" in released.refuse()

    def test_a_name_that_there_is_not(self, planted):
        """An unknown name is refused with a similar one."""
        assert "Did you mean 'apples'?" in planted.refuse("aples")


class TestUndoing:
    @pytest.mark.parametrize("end", ["fail", "interrupt", "interrupt all"])
    def test_what_is_not_proven(self, released, monkeypatch, end):
        """A failed session and Ctrl-C leave everything unchanged."""
        released.change(BEFORE, fixed="Peels.")
        monkeypatch.setenv("ORCHARD", json.dumps({"tests(apples)": end}))

        told = released.refuse()

        assert "mercato-apples is not released; its files are as they were" in told
        assert 'version = "1.0.0"' in released.read("pyproject.toml")

    def test_what_changed_while_it_was_proven(self, released, monkeypatch):
        """A file that changes during the proof stops the release."""
        released.change(BEFORE, fixed="Peels.")
        head = released.git("rev-parse", "HEAD")
        monkeypatch.setenv("ORCHARD", json.dumps({"tests(apples)": "write"}))

        done = released.run("apples")

        assert done.returncode != 0
        assert "Something changed during the proof: ?? meanwhile.txt" in done.stderr
        assert released.git("rev-parse", "HEAD") == head
        assert released.git("status", "--porcelain") == "?? meanwhile.txt"

    def test_a_commit_that_a_hook_refuses(self, released):
        """The output of a hook that refuses the commit is printed."""
        released.change(BEFORE, fixed="Peels.")
        hook = released.root / ".git/hooks/commit-msg"
        hook.write_text("#!/bin/sh\necho no releases on Sundays >&2\nexit 1\n")
        hook.chmod(0o755)

        assert "no releases on Sundays" in released.refuse()

    def test_a_tag_that_cannot_be_made(self, released):
        """If the tag cannot be made, the commit is undone."""
        released.change(BEFORE, fixed="Peels.")
        lock = released.root / ".git/refs/tags/apples-v1.0.1.lock"
        lock.touch()

        assert "apples-v1.0.1.lock" in released.refuse()
