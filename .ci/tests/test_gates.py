"""``nox -s gates`` names what blocks a release."""

import subprocess

import pytest

from workspace.addresses import HOME

from .orchard import begin_changelog
from .orchard import commit
from .orchard import run_session
from .orchard import stand_in
from .orchard import tag
from .orchard import write_feature


def add(root, path, content=""):
    """Write a file of the package of the apples."""
    file = root / "packages/apples/src/mercato_apples" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


@pytest.fixture
def released(orchard):
    """Offer a workspace under git whose apples have nothing against them."""
    stand_in(orchard)
    subprocess.run(["git", "init", "--quiet"], cwd=orchard, check=True)
    write_feature(orchard, "apples")
    begin_changelog(orchard, "apples")
    commit(orchard)
    return orchard


def gate(root):
    """Run the session; return what it says of the apples, and whether it lets them pass."""
    done = run_session(root, "gates(apples)")
    return done.stdout + done.stderr, done.returncode == 0


class TestGates:
    def test_let_a_distribution_pass(self, released):
        """Nothing to say is no fault."""
        said, passes = gate(released)

        assert passes, said

    def test_let_a_template_pass(self, released):
        """The tests of a template are not ours."""
        add(released, "template/{{ name }}/tests/test_it.py.jinja")
        add(released, "template/{{ name }}/changes/.gitkeep")
        commit(released)

        said, passes = gate(released)

        assert passes, said

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            (".env", "mercato_apples/.env has no place in a wheel"),
            ("tests/test_it.py", "mercato_apples/tests/test_it.py has no place in a wheel"),
        ],
    )
    def test_refuse_a_stray_file(self, released, path, said):
        """A wheel holds nothing that is meant for developers."""
        add(released, path)
        commit(released)

        told, passes = gate(released)

        assert not passes
        assert said in told

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("py.typed", "mercato_apples/py.typed is missing"),
            ("feature.py", "the entry point 'apples' of mercato.features names no module"),
            ("migrations/versions/0001_initial.py", "versions is missing or empty"),
        ],
    )
    def test_refuse_a_wheel_without_a_part(self, released, path, said):
        """Types, entry point and migrations belong to each feature."""
        add(released, path).unlink()
        commit(released)

        told, passes = gate(released)

        assert not passes
        assert said in told

    def test_refuse_a_wheel_that_lost_a_file(self, released):
        """The build leaves out in silence what git ignores; the gate tells."""
        add(released, "migrations/versions/0002_more.py")
        with (released / ".gitignore").open("a") as ignored:
            ignored.write("0002_*\n")
        commit(released)

        told, passes = gate(released)

        assert not passes
        assert "migrations/versions/0002_more.py is not in the wheel" in told

    @pytest.mark.parametrize(
        ("requirement", "said"),
        [
            ("mercato-pears>=0.1", "mercato-pears>=0.1 has no ceiling"),
            ("seeds @ https://example.com/seeds.zip", "seeds.zip is a direct URL"),
        ],
    )
    def test_refuse_a_requirement(self, released, requirement, said):
        """What we publish ourselves has a ceiling, and everything comes from the index."""
        settings = released / "packages/apples/pyproject.toml"
        text = settings.read_text().replace(
            "dependencies = []", f'dependencies = ["{requirement}"]'
        )
        settings.write_text(f"{text}\n[tool.hatch.metadata]\nallow-direct-references = true\n")
        commit(released)

        told, passes = gate(released)

        assert not passes
        assert said in told

    @pytest.mark.parametrize("elsewhere", [f"{HOME}.net", "https://pears.example/issues"])
    def test_refuse_a_link_to_another_place(self, released, elsewhere):
        """Where the project lives is said once; links below it are well."""
        settings = released / "packages/apples/pyproject.toml"
        urls = f'Homepage = "{HOME}"\nSource = "{HOME}/tree/main"\nIssues = "{elsewhere}"\n'
        settings.write_text(f"{settings.read_text()}\n[project.urls]\n{urls}")
        commit(released)

        told, passes = gate(released)

        assert not passes
        assert f"the project URL 'Issues' is {elsewhere}, and not below {HOME}:" in told
        assert told.count("the project URL") == 1

    def test_refuse_what_is_not_committed(self, released):
        """A release is made of what everybody can see."""
        add(released, "feature.py", "ripe = True\n")

        told, passes = gate(released)

        assert not passes
        assert "not committed: packages/apples/src/mercato_apples/feature.py" in told

    def test_refuse_what_a_neighbour_has_not_committed(self, released):
        """The sessions run beside the whole repository, so all of it is what everybody can see."""
        (released / "packages/pears/README.md").write_text("Ripe.")

        told, passes = gate(released)

        assert not passes
        assert "not committed: packages/pears/README.md" in told

    def test_refuse_a_change_that_no_fragment_tells(self, released):
        """What was released is green as it is; a change of it is told to its users."""
        (released / "packages/apples/changes/+first.added.md").unlink()
        commit(released)
        tag(released, "apples-v0.1.0")
        at_the_tag, passes_at_the_tag = gate(released)
        add(released, "feature.py", "ripe = True\n")
        commit(released)

        told, passes = gate(released)

        assert passes_at_the_tag, at_the_tag
        assert not passes
        assert "no fragment: say to the users of mercato-apples what changed" in told

    @pytest.mark.parametrize("change", ["edited", "removed"])
    def test_refuse_a_changed_migration(self, released, change):
        """A migration that was released ran somewhere, and stays as it ran."""
        tag(released, "apples-v0.0.9")
        add(released, "migrations/versions/0002_new.py")
        first = add(released, "migrations/versions/0001_initial.py", "ripe = True\n")
        if change == "removed":
            first.unlink()
        commit(released)

        told, passes = gate(released)

        assert not passes
        assert "0001_initial.py was released with apples-v0.0.9, and is not what it was" in told
        assert "0002_new.py" not in told
