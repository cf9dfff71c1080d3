"""``nox -s release`` leaves everything as it was where it cannot release."""

import json

import pytest

from .team import BEFORE


class TestRefusals:
    def test_fragments_that_say_less_than_what_is_seen(self, released):
        """What breaks is not released as a fix; each reason has a line."""
        released.change("", fixed="Peels.")

        told = released.refuse()

        assert "the fragments say patch, the changes need major:" in told
        assert "major  python    mercato_apples > .peel is gone" in told

    def test_a_release_that_nothing_is_known_of(self, released):
        """Without the file of the last release there is nothing to compare with."""
        (released.root / "packages/apples/surface.json").unlink()
        released.git("add", "--all")
        released.git("commit", "--quiet", "--amend", "--no-edit")
        released.git("tag", "--force", "--annotate", "--message=apples", "apples-v1.0.0")
        released.change("", fixed="Peels.")

        assert (
            "apples-v1.0.0 or this tree has no surface.json of mercato-apples" in released.refuse()
        )

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

    def test_a_version_that_was_raised_too_little(self, released):
        """A version that somebody wrote is held to the same rule."""
        released.write_version("1.0.1")
        released.change(BEFORE, added="Cores.")

        told = released.refuse()

        assert "bump too small: the pyproject.toml says 1.0.1" in told
        assert "need 1.1.0 (minor)" in told

    def test_what_is_not_committed(self, released):
        """What an interrupted release left is named, with the way out."""
        released.change(BEFORE, fixed="Peels.")
        released.write_version("1.0.1")

        told = released.refuse()

        assert "not committed: packages/apples/pyproject.toml" in told
        assert "`git restore --staged --worktree .`" in told

    def test_what_is_new_and_hidden(self, released):
        """Somebody's own settings of git hide no file from the proof."""
        released.change(BEFORE, fixed="Peels.")
        released.git("config", "status.showUntrackedFiles", "no")
        released.write("src/mercato_apples/_new.py", "")

        assert "not committed: packages/apples/src/mercato_apples/_new.py" in released.refuse()

    def test_a_release_that_was_stopped_before_its_tag(self, released):
        """A commit of a release without a tag is half of one."""
        released.change(BEFORE, fixed="Peels.")
        released.release()
        released.git("tag", "--delete", "apples-v1.0.1")

        assert "`git reset --keep HEAD~1`" in released.refuse()

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
