"""``nox -s gates`` prints what blocks a release."""

import json

import pytest

from mercato_dev.home import HOME
from mercato_dev.index import serve_index
from mercato_dev.wheel_writer import write_wheel

from .orchard import (
    UNSTEADY_HOOK,
    begin_changelog,
    commit,
    git,
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
    """Return a workspace under git whose apples can be released."""
    stand_in(orchard)
    write_feature(orchard, "apples")
    begin_changelog(orchard, "apples")
    git(orchard, "init", "--quiet")
    commit(orchard)
    return orchard


@pytest.fixture
def gate(orchard, environments):
    """Return a function that runs the session; it returns the output, and whether it passed."""

    def run():
        done = run_session(orchard, "gates(apples)", f"--envdir={environments}")
        return done.stdout + done.stderr, done.returncode == 0

    return run


@pytest.fixture
def require(orchard):
    """Return a function that adds requirements to apples, and commits."""

    def change(*requirements):
        settings = orchard / APPLES / "pyproject.toml"
        text = settings.read_text()
        needed = text.replace("dependencies = []", f"dependencies = {json.dumps(requirements)}")
        assert needed != text
        settings.write_text(needed)
        commit(orchard)

    return change


class TestGates:
    def test_let_a_distribution_pass(self, orchard, gate):
        """Without faults, the sessions run. Tests in a template are no fault."""
        write(orchard, f"{PACKAGE}/template/{{{{ name }}}}/tests/test_it.py.jinja")
        write(orchard, f"{PACKAGE}/template/{{{{ name }}}}/changes/.gitkeep")
        commit(orchard)

        said, passes = gate()

        assert passes, said
        assert "Here is compat(apples)" in said

    def test_refuse_a_red_session(self, gate, monkeypatch):
        """A session that fails blocks the release."""
        monkeypatch.setenv("ORCHARD", json.dumps({"compat(apples)": "fail"}))

        said, passes = gate()

        assert not passes
        assert "red: compat(apples)" in said

    def test_print_all_faults_and_run_nothing(self, orchard, gate, require):
        """All faults are printed at once, and then no session runs."""
        require("mercato-pears>=0.1")
        write(orchard, f"{PACKAGE}/.env")
        (orchard / PACKAGE / "py.typed").unlink()
        write(orchard, f"{PACKAGE}/migrations/versions/0002_more.py")
        with (orchard / ".gitignore").open("a") as ignored:
            ignored.write("0002_*\n")
        with (orchard / APPLES / "pyproject.toml").open("a") as settings:
            settings.write("[tool.hatch.build.hooks.custom]\n")
        write(orchard, f"{APPLES}/hatch_build.py", UNSTEADY_HOOK)
        commit(orchard)
        write(orchard, f"{PACKAGE}/feature.py", "ripe = True\n")
        (orchard / "packages/pears/README.md").write_text("Ripe.")

        said, passes = gate()

        assert not passes
        # Nothing in the whole repository may be uncommitted.
        assert "not committed: packages/apples/src/mercato_apples/feature.py" in said
        assert "not committed: packages/pears/README.md" in said
        assert "mercato_apples/.env does not belong in a wheel" in said
        assert said.count("mercato_apples/py.typed is missing") == 1
        assert "mercato-pears>=0.1 has no ceiling" in said
        # git ignores it, so the build silently omits it.
        assert "migrations/versions/0002_more.py is not in the wheel" in said
        assert "two builds of mercato_apples-0.1.0-py3-none-any.whl differ" in said
        assert "Here is" not in said

    def test_refuse_a_change_without_a_fragment(self, orchard, gate):
        """A tag passes as it is; a later change needs a fragment."""
        (orchard / APPLES / "changes/+first.added.md").unlink()
        commit(orchard)
        tag(orchard, "apples-v0.1.0")
        at_the_tag, passes_at_the_tag = gate()
        write(orchard, f"{PACKAGE}/feature.py", "ripe = True\n")
        commit(orchard)

        said, passes = gate()

        assert passes_at_the_tag, at_the_tag
        assert not passes
        assert "no fragment: describe the change for the users of mercato-apples" in said

    def test_refuse_fragments_that_declare_too_little(self, orchard, gate):
        """A removal needs a major release, whatever the fragments declare."""
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
        assert "the fragments declare patch, the changes need major:\n    major  python" in said

    def test_refuse_an_outdated_surface(self, orchard, gate):
        """A surface.json must be what the code shows, completely and in its format."""
        (orchard / APPLES / "surface.json").write_text('{"name": "mercato-apples"}')
        git(orchard, "commit", "--quiet", "--all", "--message=apples: smaller")

        said, passes = gate()

        assert not passes
        assert "packages/apples/surface.json is not what is shown (metadata is new; " in said
        assert "run `nox -s surface -- apples` and commit it" in said

    def test_refuse_links_and_migrations(self, orchard, gate):
        """Links must lead to the project's home, and released migrations must not change."""
        first = write(orchard, f"{PACKAGE}/migrations/versions/0002_second.py")
        commit(orchard)
        tag(orchard, "apples-v0.0.9")
        first.unlink()
        write(orchard, f"{PACKAGE}/migrations/versions/0001_initial.py", "ripe = True\n")
        write(orchard, f"{PACKAGE}/migrations/versions/0003_new.py")
        urls = {"Homepage": HOME, "Source": f"{HOME}/tree/main", **LINKS}
        with (orchard / APPLES / "pyproject.toml").open("a") as settings:
            lines = (f'{label} = "{url}"\n' for label, url in urls.items())
            settings.write(f"\n[project.urls]\n{''.join(lines)}")
        commit(orchard)

        said, passes = gate()

        assert not passes
        for label, url in LINKS.items():
            assert f"the project URL {label!r} is {url}, and not below {HOME}, " in said
        assert said.count("the project URL") == len(LINKS)
        for name in ("0001_initial.py", "0002_second.py"):
            assert f"{name} was released with apples-v0.0.9 and has changed" in said
        assert "0003_new.py was released" not in said


LINKS = {"Issues": f"{HOME}.net", "Changelog": "https://pears.example/issues"}


class TestSurface:
    def test_check_names_outdated_files(self, orchard, environments):
        """``surface -- --check`` names missing and outdated files, and writes nothing."""
        (orchard / APPLES / "surface.json").unlink()
        (orchard / "packages/pears/surface.json").write_text("{}\n")

        done = run_session(orchard, "surface", f"--envdir={environments}", "--", "--check")

        assert done.returncode != 0
        assert done.stderr.count("surface.json is not what is shown (metadata is new; ") == 2
        assert not (orchard / APPLES / "surface.json").exists()


class TestRequirements:
    def test_are_met_by_releases_only(self, orchard, gate, require):
        """A requirement on an unreleased wheel of this repository blocks the release."""
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

    def test_must_fit_a_release_and_have_a_tested_floor(self, orchard, gate, require):
        """The range, also of an extra, must have a release, and the floor must be one."""
        tag(orchard, "pears-v0.1.0")
        tag(orchard, "pears-v0.0.9")
        with (orchard / APPLES / "pyproject.toml").open("a") as settings:
            settings.write('[project.optional-dependencies]\npie = ["mercato-pears>=0.3,<1"]\n')
        require("mercato-pears>=0.2,<1", "mercato-pears>=0.0.5,<1", "pytest")

        said, passes = gate()

        assert not passes
        for floor in ("0.2", "0.3"):
            said_of_it = "no released version of pears satisfies it (0.0.9, 0.1.0): release"
            assert f"mercato-pears>={floor},<1: {said_of_it}" in said
        assert "mercato-pears>=0.0.5,<1: the floor was never released" in said
        assert "pytest has no floor" in said


class TestTheIndex:
    @pytest.fixture
    def index(self, tmp_path_factory, monkeypatch):
        """Serve an index, and name it in MERCATO_INDEX."""
        with serve_index(tmp_path_factory.mktemp("index")) as served:
            monkeypatch.setenv("MERCATO_INDEX", served.url)
            yield served

    def test_has_releases_and_versions_that_are_taken(self, orchard, gate, require, index):
        """A published version satisfies a requirement; without a tag here, it blocks its own."""
        require("mercato-pears>=0.1,<1")
        write_wheel(index.folder, "mercato-pears", "0.1.0", {})
        write_wheel(index.folder, "mercato-apples", "0.1.0", {})
        untagged, passes_untagged = gate()
        tag(orchard, "apples-v0.1.0")

        tagged, passes_tagged = gate()

        assert not passes_untagged
        assert "mercato-apples 0.1.0 is in the index already, and has no tag here" in untagged
        assert "mercato-pears>=0.1,<1" not in untagged
        assert passes_tagged, tagged

    def test_must_answer(self, gate, monkeypatch):
        """An index that does not answer fails the session."""
        monkeypatch.setenv("MERCATO_INDEX", "http://127.0.0.1:9/simple/")

        said, passes = gate()

        assert not passes
        assert "The index cannot be asked" in said
