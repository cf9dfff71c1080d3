"""``nox -s release -- platform`` releases all distributions of the platform together."""

import tomllib

import pytest

from .orchard import begin_changelog, run_session, write_distribution, write_feature
from .team import BEFORE

PLATFORM = "packages/platform"


@pytest.fixture
def train(planted):
    """Return a workspace whose platform was released as 1.0.0: leaves, which require a trunk."""
    write_distribution(planted.root, "trunk", version="1.0.0", home=PLATFORM)
    needs = '["mercato-trunk>=1.0,<2"]'
    write_distribution(planted.root, "leaves", version="1.0.0", home=PLATFORM, needs=needs)
    for name in ("trunk", "leaves"):
        begin_changelog(planted.root, name, home=PLATFORM)
        (planted.root / PLATFORM / name / "changes/+first.added.md").unlink()
    change_trunk(planted, BEFORE)
    planted.git("tag", "--annotate", "--message=platform", "platform-v1.0.0")
    return planted


def change_trunk(train, code, **fragments):
    """Change the code of trunk, write fragments, and commit."""
    train.write("src/mercato_trunk/__init__.py", f'"""Trunk."""\n\n\n{code}', "platform/trunk")
    for kind, text in fragments.items():
        train.write(f"changes/+change.{kind}.md", text, "platform/trunk")
    train.commit()


def read(train, path):
    """Read a file of the platform."""
    return (train.root / PLATFORM / path).read_text()


def project(train, name):
    """Read the table [project] of a member."""
    return tomllib.loads(read(train, f"{name}/pyproject.toml"))["project"]


class TestRelease:
    def test_moves_every_member(self, train):
        """Members get one version, commit and tag, and require each other at that version."""
        change_trunk(train, BEFORE, added="It can be peeled.")

        told = train.release("platform")

        assert "platform 1.0.0 -> 1.1.0: minor" in told
        assert "trunk:" in told
        assert "+change.added.md: It can be peeled." in told
        assert "leaves: nothing changed" in told
        assert [project(train, name)["version"] for name in ("trunk", "leaves")] == ["1.1.0"] * 2
        assert project(train, "leaves")["dependencies"] == ["mercato-trunk>=1.1.0,<2"]
        assert "- It can be peeled." in read(train, "trunk/CHANGELOG.md")
        assert "## 1.1.0 - " in read(train, "leaves/CHANGELOG.md")
        assert "No significant changes." in read(train, "leaves/CHANGELOG.md")
        assert train.git("log", "-1", "--format=%s") == "platform: release 1.1.0"
        assert train.git("tag").splitlines() == ["platform-v1.0.0", "platform-v1.1.0"]
        assert train.git("status", "--porcelain") == ""
        assert "Nothing changed since platform-v1.1.0" in train.refuse("platform")
        # Each member's sessions ran with the new version, common sessions once.
        for name in ("imports", "tests", "lowest"):
            for member in ("trunk", "leaves"):
                assert told.count(f"Here is {name}({member}) ") == 1
        assert told.count("Here is compat(platform) ") == 1
        assert "leaves is 1.1.0 here" in told
        assert "leaves is 1.0.0 here" not in told

    def test_takes_the_largest_bump_of_its_members(self, train):
        """A breaking change in one member needs a major release of the platform."""
        train.write("changes/+light.fixed.md", "Greener.", "platform/leaves")
        change_trunk(train, "", breaking="No bark.")

        told = train.release("platform")

        assert "platform 1.0.0 -> 2.0.0: major" in told
        assert project(train, "leaves")["dependencies"] == ["mercato-trunk>=2.0.0,<3"]

    def test_takes_a_version_that_was_raised_by_hand(self, train):
        """A member whose version was raised by hand needs no fragment."""
        for name in ("trunk", "leaves"):
            file = train.root / PLATFORM / name / "pyproject.toml"
            text = file.read_text().replace('version = "1.0.0"', 'version = "2.0.0"')
            file.write_text(text.replace(">=1.0,<2", ">=2.0,<3"))
        change_trunk(train, BEFORE, breaking="Peels.")

        told = train.release("platform")

        assert "leaves: nothing changed" in told
        assert "platform-v2.0.0" in train.git("tag")

    def test_takes_in_a_new_member(self, train):
        """A new member gets the version of the platform."""
        needs = '["mercato-trunk>=1.0,<2"]'
        write_distribution(train.root, "roots", version="1.0.0", home=PLATFORM, needs=needs)
        begin_changelog(train.root, "roots", home=PLATFORM)
        train.commit()

        told = train.release("platform")

        assert "platform 1.0.0 -> 1.1.0: minor" in told
        assert project(train, "roots")["version"] == "1.1.0"

    def test_only_prints_what_it_would_do(self, train):
        """A dry run prints the changelog of every member, and changes nothing."""
        change_trunk(train, BEFORE, fixed="Peels.")
        before = train.state()

        told = train.release("platform", "--dry-run")

        assert "- Peels." in told
        assert "No significant changes." in told
        assert train.state() == before


class TestGates:
    def test_take_the_platform_as_a_whole(self, train):
        """The platform has one session ``gates``, and its members have none."""
        change_trunk(train, BEFORE, fixed="Peels.")

        done = run_session(train.root, "gates(platform)", f"--envdir={train.environments}")
        alone = run_session(train.root, "gates(trunk)", f"--envdir={train.environments}")

        assert done.returncode == 0, done.stdout + done.stderr
        assert "Here is tests(leaves)" in done.stdout + done.stderr
        assert alone.returncode != 0
        assert "Sessions not found: gates(trunk)" in alone.stdout + alone.stderr


class TestRefusals:
    def test_a_member_alone(self, train):
        """A member cannot be released alone."""
        told = train.refuse("trunk")

        assert "trunk is released with the platform: release -- platform" in told

    def test_what_is_red(self, train, monkeypatch):
        """After a failed session, all members are unchanged."""
        change_trunk(train, BEFORE, fixed="Peels.")
        monkeypatch.setenv("ORCHARD", '{"tests(leaves)": "fail"}')

        assert "platform is not released; its files are as they were" in train.refuse("platform")

    def test_members_that_differ(self, train):
        """Different versions, old requirements and missing fragments are named by member."""
        file = train.root / PLATFORM / "leaves/pyproject.toml"
        text = file.read_text().replace('version = "1.0.0"', 'version = "1.0.1"')
        file.write_text(text.replace(">=1.0,<2", ">=0.9,<2"))
        change_trunk(train, f"{BEFORE}\n\ndef saw():\n    return 1\n")

        told = train.refuse("platform")

        assert "its members have: trunk 1.0.0, leaves 1.0.1" in told
        assert (
            "leaves: mercato-trunk>=0.9,<2: the platform is released as a whole:"
            " write mercato-trunk>=1.0.1,<2" in told
        )
        assert "trunk: no fragment: describe the change for the users of mercato-trunk" in told

    def test_a_feature_before_its_platform(self, train):
        """A feature that requires an unreleased platform is refused."""
        write_feature(train.root, "figs", needs='["mercato-trunk>=1.1,<2"]')
        begin_changelog(train.root, "figs")
        train.commit()

        told = train.refuse("figs")

        assert (
            "mercato-trunk>=1.1,<2: no released version of platform satisfies it (1.0.0):"
            " release platform first" in told
        )
