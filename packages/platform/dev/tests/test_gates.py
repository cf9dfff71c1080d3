"""``nox -s gates`` names what blocks a release."""

import json
import subprocess

import pytest

from mercato_dev.home import HOME
from mercato_dev.index import serve_index
from mercato_dev.wheel_writer import write_wheel

from .orchard import (
    AUTHOR,
    UNSTEADY_HOOK,
    begin_changelog,
    commit,
    run_session,
    stand_in,
    tag,
    write,
    write_feature,
)

APPLES = "packages/apples"
PACKAGE = f"{APPLES}/src/mercato_apples"


@pytest.fixture
def orchard(orchard):
    """Offer a workspace under git whose apples have nothing against them."""
    stand_in(orchard)
    write_feature(orchard, "apples")
    begin_changelog(orchard, "apples")
    subprocess.run(["git", "init", "--quiet"], cwd=orchard, check=True)
    commit(orchard)
    return orchard


@pytest.fixture
def gate(orchard, environments):
    """Offer a function that runs the session; it returns what was said, and whether it passed."""

    def run():
        done = run_session(orchard, "gates(apples)", f"--envdir={environments}")
        return done.stdout + done.stderr, done.returncode == 0

    return run


@pytest.fixture
def require(orchard):
    """Offer a function that lets the apples require something, and commits that."""

    def change(requirement):
        settings = orchard / APPLES / "pyproject.toml"
        text = settings.read_text()
        needed = text.replace("dependencies = []", f'dependencies = ["{requirement}"]')
        assert needed != text
        settings.write_text(needed)
        commit(orchard)

    return change


class TestGates:
    def test_let_a_distribution_pass(self, gate):
        """Nothing to say is no fault, and then everything is run."""
        said, passes = gate()

        assert passes, said
        assert "Here is compat(apples)" in said

    def test_let_a_template_pass(self, orchard, gate):
        """The tests of a template are not ours."""
        write(orchard, f"{PACKAGE}/template/{{{{ name }}}}/tests/test_it.py.jinja")
        write(orchard, f"{PACKAGE}/template/{{{{ name }}}}/changes/.gitkeep")
        commit(orchard)

        said, passes = gate()

        assert passes, said

    def test_refuse_a_red_session(self, gate, monkeypatch):
        """What can be seen is not all: what runs must be green."""
        monkeypatch.setenv("ORCHARD", json.dumps({"compat(apples)": "fail"}))

        said, passes = gate()

        assert not passes
        assert "red: compat(apples)" in said

    def test_say_everything_at_once_and_run_nothing(self, orchard, gate, require):
        """Who mends a release wants the whole list, soon."""
        require("mercato-pears>=0.1")
        write(orchard, f"{PACKAGE}/.env")
        (orchard / PACKAGE / "py.typed").unlink()
        commit(orchard)
        write(orchard, f"{PACKAGE}/feature.py", "ripe = True\n")
        (orchard / "packages/pears/README.md").write_text("Ripe.")

        said, passes = gate()

        assert not passes
        # A release is made of what everybody can see, and so is what it is proven beside.
        assert "not committed: packages/apples/src/mercato_apples/feature.py" in said
        assert "not committed: packages/pears/README.md" in said
        assert "mercato_apples/.env has no place in a wheel" in said
        assert said.count("mercato_apples/py.typed is missing") == 1
        assert "mercato-pears>=0.1 has no ceiling" in said
        assert "Here is" not in said

    def test_refuse_a_wheel_that_lost_a_file(self, orchard, gate):
        """The build leaves out in silence what git ignores; the gate tells."""
        write(orchard, f"{PACKAGE}/migrations/versions/0002_more.py")
        with (orchard / ".gitignore").open("a") as ignored:
            ignored.write("0002_*\n")
        commit(orchard)

        said, passes = gate()

        assert not passes
        assert "migrations/versions/0002_more.py is not in the wheel" in said

    def test_refuse_two_builds_that_differ(self, orchard, gate):
        """What is published can be built again by anybody, byte for byte."""
        with (orchard / APPLES / "pyproject.toml").open("a") as settings:
            settings.write("[tool.hatch.build.hooks.custom]\n")
        write(orchard, f"{APPLES}/hatch_build.py", UNSTEADY_HOOK)
        commit(orchard)

        said, passes = gate()

        assert not passes
        assert "two builds of mercato_apples-0.1.0-py3-none-any.whl differ" in said

    def test_refuse_a_change_that_no_fragment_tells(self, orchard, gate):
        """What was released is green as it is; a change of it is told to its users."""
        (orchard / APPLES / "changes/+first.added.md").unlink()
        commit(orchard)
        tag(orchard, "apples-v0.1.0")
        at_the_tag, passes_at_the_tag = gate()
        write(orchard, f"{PACKAGE}/feature.py", "ripe = True\n")
        commit(orchard)

        said, passes = gate()

        assert passes_at_the_tag, at_the_tag
        assert not passes
        assert "no fragment: say to the users of mercato-apples what changed" in said

    def test_refuse_fragments_that_say_less_than_changed(self, orchard, gate):
        """What is gone breaks somebody, whatever the fragments say; each reason is a line."""
        write(orchard, f"{PACKAGE}/feature.py", "feature = 1\nseeds = 2\n")
        commit(orchard)
        tag(orchard, "apples-v0.1.0")
        write(orchard, f"{PACKAGE}/feature.py", "feature = 1\n")
        (orchard / APPLES / "changes/+first.added.md").rename(
            orchard / APPLES / "changes/+seeds.fixed.md"
        )
        commit(orchard)

        said, passes = gate()

        assert not passes
        assert "the fragments say patch, the changes need major:\n    major  python" in said

    @pytest.mark.parametrize("text", [None, "{}\n", '{"name": "mercato-apples"}'])
    def test_refuse_a_surface_that_is_not_shown(self, orchard, gate, text):
        """The file that reviewers read is what the code gives, whole and in its format."""
        file = orchard / APPLES / "surface.json"
        file.unlink() if text is None else file.write_text(text)
        command = ["git", *AUTHOR, "commit", "--quiet", "--all", "--message=apples: smaller"]
        subprocess.run(command, cwd=orchard, check=True)

        said, passes = gate()

        assert not passes
        assert "packages/apples/surface.json is not what is shown (metadata is new; " in said
        assert "run `nox -s surface -- apples` and commit it" in said

    @pytest.mark.parametrize("elsewhere", [f"{HOME}.net", "https://pears.example/issues"])
    def test_refuse_a_link_to_another_place(self, orchard, gate, elsewhere):
        """Where the project lives is said once; links below it are well."""
        urls = f'Homepage = "{HOME}"\nSource = "{HOME}/tree/main"\nIssues = "{elsewhere}"\n'
        with (orchard / APPLES / "pyproject.toml").open("a") as settings:
            settings.write(f"\n[project.urls]\n{urls}")
        commit(orchard)

        said, passes = gate()

        assert not passes
        assert f"the project URL 'Issues' is {elsewhere}, and not below {HOME}:" in said
        assert said.count("the project URL") == 1

    @pytest.mark.parametrize("change", ["edited", "removed"])
    def test_refuse_a_changed_migration(self, orchard, gate, change):
        """A migration that was released ran somewhere, and stays as it ran."""
        tag(orchard, "apples-v0.0.9")
        write(orchard, f"{PACKAGE}/migrations/versions/0002_new.py")
        first = write(orchard, f"{PACKAGE}/migrations/versions/0001_initial.py", "ripe = True\n")
        if change == "removed":
            first.unlink()
        commit(orchard)

        said, passes = gate()

        assert not passes
        assert "0001_initial.py was released with apples-v0.0.9, and is not what it was" in said
        assert "0002_new.py" not in said


class TestRequirements:
    def test_are_met_by_what_was_released(self, orchard, gate, require):
        """A wheel that nobody can install is no release, though all of it is here."""
        require("mercato-pears>=0.1,<1")
        before, passes_before = gate()
        tag(orchard, "pears-v0.1.0")

        after, passes_after = gate()

        assert not passes_before
        assert (
            "mercato-pears>=0.1,<1: no released version of pears satisfies it (there is none):"
            " release pears first" in before
        )
        assert passes_after, after

    def test_are_not_met_by_another_version(self, orchard, gate, require):
        """What was released is told, so nobody has to look."""
        tag(orchard, "pears-v0.1.0")
        tag(orchard, "pears-v0.0.9")
        require("mercato-pears>=0.2,<1")

        said, passes = gate()

        assert not passes
        assert "no released version of pears satisfies it (0.0.9, 0.1.0): release" in said

    def test_of_an_extra_count_as_well(self, orchard, gate):
        """An extra that cannot be installed is as broken."""
        with (orchard / APPLES / "pyproject.toml").open("a") as settings:
            settings.write('[project.optional-dependencies]\npie = ["mercato-pears>=0.2,<1"]\n')
        commit(orchard)

        said, passes = gate()

        assert not passes
        assert "mercato-pears>=0.2,<1: no released version of pears satisfies it" in said

    def test_have_a_floor_that_was_tested(self, orchard, gate, require):
        """A floor of ours is a release: ``compat`` tried that one, and no other."""
        tag(orchard, "pears-v0.1.0")
        require("mercato-pears>=0.0.5,<1")

        said, passes = gate()

        assert not passes
        assert "mercato-pears>=0.0.5,<1: the floor is no release" in said

    def test_on_others_have_a_floor(self, gate, require):
        """Any version is more than anybody tested."""
        require("pytest")

        said, passes = gate()

        assert not passes
        assert "pytest has no floor" in said


class TestTheIndex:
    @pytest.fixture
    def index(self, tmp_path_factory, monkeypatch):
        """Serve an index and let the session ask it."""
        with serve_index(tmp_path_factory.mktemp("index")) as served:
            monkeypatch.setenv("MERCATO_INDEX", served.url)
            yield served

    def test_tells_what_was_released(self, gate, require, index):
        """A clone without tags can see in the index what there is."""
        require("mercato-pears>=0.1,<1")
        write_wheel(index.folder, "mercato-pears", "0.1.0", {})

        said, passes = gate()

        assert passes, said

    def test_has_no_version_that_comes_next(self, orchard, gate, index):
        """A version that is taken without a tag here is somebody else's, or its tag is missing."""
        write_wheel(index.folder, "mercato-apples", "0.1.0", {})
        untagged, passes_untagged = gate()
        tag(orchard, "apples-v0.1.0")

        tagged, passes_tagged = gate()

        assert not passes_untagged
        assert "mercato-apples 0.1.0 is in the index already, and has no tag here" in untagged
        assert passes_tagged, tagged

    def test_must_answer(self, gate, monkeypatch):
        """No answer is not "nothing was released"."""
        monkeypatch.setenv("MERCATO_INDEX", "http://127.0.0.1:9/simple/")

        said, passes = gate()

        assert not passes
        assert "The index cannot be asked" in said
