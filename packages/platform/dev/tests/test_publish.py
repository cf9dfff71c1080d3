"""``nox -s publish`` uploads a tag to an index, or prints why it cannot."""

import hashlib
import os
import subprocess
import sys

import pytest

from mercato_dev.home import HOME
from mercato_dev.index import serve_index
from mercato_dev.publish.arguments import read_arguments
from mercato_dev.wheel_writer import write_wheel

from .orchard import (
    UNSTEADY_HOOK,
    commit,
    copy_settings,
    git,
    run_session,
    tag,
    write,
    write_distribution,
    write_feature,
)

APPLES = "packages/apples"
WHEEL = "mercato_apples-0.1.0-py3-none-any.whl"
SDIST = "mercato_apples-0.1.0.tar.gz"
TAGS = """

@nox.session
def released(session: nox.Session) -> None:
    from mercato_dev.publish import publish_tags

    publish_tags(session)
"""


def release_again(root):
    """Commit everything, and move the tag of apples."""
    commit(root)
    git(root, "tag", "--delete", "apples-v0.1.0")
    tag(root, "apples-v0.1.0")


@pytest.fixture
def orchard(tmp_path, environments, monkeypatch):
    """Return a workspace with the tag ``apples-v0.1.0``."""
    for name in [name for name in os.environ if name.startswith(("UV_PUBLISH_", "MERCATO_"))]:
        monkeypatch.delenv(name)
    root = tmp_path / "orchard"
    root.mkdir()
    copy_settings(root)
    write_feature(root, "apples")
    write_distribution(root, "pears")
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root)
    tag(root, "apples-v0.1.0")
    return root


@pytest.fixture
def publish(orchard, environments):
    """Return a function that runs the session; it returns the output, and whether it passed."""

    def run(*words, session="publish"):
        done = run_session(orchard, session, f"--envdir={environments}", "--", *words)
        return done.stdout + done.stderr, done.returncode == 0

    return run


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Serve an empty index, and set credentials for it."""
    monkeypatch.setenv("UV_OFFLINE", "false")
    monkeypatch.setenv("UV_PUBLISH_USERNAME", "ada")
    monkeypatch.setenv("UV_PUBLISH_PASSWORD", "hunter2")
    folder = tmp_path / "index"
    folder.mkdir()
    with serve_index(folder) as served:
        yield served


def files_in(folder):
    """Return the files in an index by name."""
    return {file.name: file.read_bytes() for file in folder.glob("mercato*")}


class TestPublish:
    def test_prints_what_it_would_upload(self, orchard, publish):
        """Without ``--to``, names and hashes of what is committed are printed, and nothing else."""
        write(orchard, f"{APPLES}/src/mercato_apples/feature.py", "not committed")
        write(orchard, f"{APPLES}/src/mercato_apples/.env", "not committed")

        said, passed = publish("apples-v0.1.0")

        assert passed, said
        assert f"{WHEEL}: " in said
        assert f"{SDIST}: " in said
        assert "Nothing was uploaded" in said
        assert not (orchard / "var/index").exists()

    def test_uploads_what_can_be_installed(self, orchard, publish, index, tmp_path):
        """The uploaded files have the printed hashes and can be installed; no secret is printed."""
        said, passed = publish("apples-v0.1.0", "--to", index.root, "--index", index.url)

        there = files_in(index.folder)
        assert passed, said
        assert "hunter2" not in said
        assert there.keys() == {WHEEL, SDIST}
        assert all(hashlib.sha256(content).hexdigest() in said for content in there.values())
        install = [
            "install",
            "--no-cache",
            f"--index-url={index.url}",
            f"--target={tmp_path / 'i'}",
        ]
        wanted = f"--python={sys.executable}"
        subprocess.run(["uv", "pip", *install, wanted, "mercato-apples==0.1.0"], check=True)
        assert (tmp_path / "i/mercato_apples/feature.py").read_text() == ""

    def test_uploads_the_same_twice_and_completes_what_is_there(self, orchard, publish):
        """A tag is built to the same bytes each time, so an interrupted upload can be repeated."""
        first, _ = publish("apples-v0.1.0", "--local")
        there = files_in(orchard / "var/index")
        (orchard / "var/index" / SDIST).unlink()

        second, completed = publish("apples-v0.1.0", "--to", "local")
        third, again = publish("apples-v0.1.0", "--local")

        assert there.keys() == {WHEEL, SDIST}, first
        assert completed, second
        assert again, third
        assert files_in(orchard / "var/index") == there
        assert second.count("(already there)") == 1
        assert third.count("(already there)") == 2

    def test_refuses_another_file_of_the_same_name(self, publish, index):
        """If the index has another file of the same name, nothing is uploaded."""
        write_wheel(index.folder, "mercato-apples", "0.1.0", {"other.py": ""})
        before = files_in(index.folder)

        said, passed = publish("apples-v0.1.0", "--to", index.root, "--index", index.url)

        assert not passed
        assert f"The index has another {WHEEL}" in said
        assert "They differ in: mercato_apples-0.1.0.dist-info/METADATA, " in said
        assert files_in(index.folder) == before

    def test_fails_where_an_upload_fails(self, publish, index, monkeypatch):
        """A failed upload fails the session."""
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")

        said, passed = publish("apples-v0.1.0", "--to", "http://127.0.0.1:9/", "--index", index.url)

        assert not passed
        assert "Not everything was uploaded" in said

    def test_fails_where_the_index_cannot_be_read(self, publish, index):
        """Without an answer of the index, nothing is uploaded."""
        said, passed = publish(
            "apples-v0.1.0", "--to", index.root, "--index", "http://127.0.0.1:9/simple/"
        )

        assert not passed
        assert "The index cannot be asked for mercato-apples" in said
        assert files_in(index.folder) == {}

    def test_refuses_pypi_for_an_example(self, orchard, publish):
        """A project whose home is an example cannot be published to PyPI."""
        settings = orchard / "pyproject.toml"
        settings.write_text(settings.read_text().replace(HOME, "https://shop.example"))

        said, passed = publish("apples-v0.1.0", "--to", "https://test.pypi.org/legacy/")

        assert not passed
        assert "lead to https://shop.example, which is an example" in said
        assert "Building" not in said

    def test_prints_all_faults(self, orchard, publish):
        """All faults of a release are printed at once, and nothing is uploaded."""
        settings = orchard / APPLES / "pyproject.toml"
        text = settings.read_text().replace("dependencies = []", 'dependencies = ["mercato-pears"]')
        text = text.replace(
            'readme = "README.md"', 'readme = {file="README.md", content-type="text/x-rst"}'
        )
        settings.write_text(f"{text}\n[tool.hatch.build.hooks.custom]\n")
        write(orchard, f"{APPLES}/hatch_build.py", UNSTEADY_HOOK)
        write(orchard, f"{APPLES}/README.md", "Apples\n===\n\n.. image::\n")
        write(orchard, f"{APPLES}/CHANGELOG.md", "# Changelog\n")
        write(orchard, f"{APPLES}/src/mercato_apples/.env", "PASSWORD=hunter2")
        write(orchard, f"{APPLES}/src/mercato_apples/tests/test_it.py")
        (orchard / APPLES / "src/mercato_apples/migrations/versions/0001_initial.py").unlink()
        release_again(orchard)

        said, passed = publish("apples-v0.1.0", "--local")

        assert not passed
        assert f"two builds of {WHEEL} differ: mercato_apples/feature.py" in said
        assert f"{WHEEL}, built from the sdist, differs: mercato_apples/feature.py" in said
        assert "src/mercato_apples/feature.py in the sdist differs from the source" in said
        assert "mercato_apples/.env does not belong in a wheel" in said
        assert "mercato_apples/tests/test_it.py does not belong in a wheel" in said
        assert "migrations/versions is missing or empty" in said
        assert "mercato-pears has no ceiling" in said
        assert "CHANGELOG.md has no section for 0.1.0" in said
        assert "twine refuses the readme" in said
        assert files_in(orchard / "var/index") == {}

    def test_refuses_a_classifier_that_does_not_exist(self, orchard, publish):
        """An unknown classifier fails the build."""
        settings = orchard / APPLES / "pyproject.toml"
        settings.write_text(settings.read_text().replace("Typing :: Typed", "Fruit :: Ripe"))
        release_again(orchard)

        said, passed = publish("apples-v0.1.0")

        assert not passed
        assert "Unknown classifier" in said


PLATFORM = ("soil", "trunk")


@pytest.fixture
def train(orchard):
    """Return the workspace with a released platform: trunk, which requires soil."""
    needs = '["mercato-soil>=0.1,<1"]'
    write_distribution(orchard, "trunk", home="packages/platform", needs=needs)
    write_distribution(orchard, "soil", home="packages/platform")
    commit(orchard)
    tag(orchard, "platform-v0.1.0")
    return orchard


class TestTheTrain:
    def test_is_published_and_completed_as_a_whole(self, train, publish):
        """Members are uploaded in the order of their needs; a second run adds missing files."""
        said, passed = publish("platform-v0.1.0", "--local")
        there = files_in(train / "var/index")
        for file in (train / "var/index").glob("mercato_trunk*"):
            file.unlink()

        again, passed_again = publish("platform-v0.1.0", "--local")

        assert passed, said
        assert passed_again, again
        stems = [f"mercato_{name}-0.1.0" for name in PLATFORM]
        assert there.keys() == {
            f"{stem}{end}" for stem in stems for end in ("-py3-none-any.whl", ".tar.gz")
        }
        assert said.index("mercato_soil-0.1.0.tar.gz") < said.index("mercato_trunk-0.1.0-py3")
        assert files_in(train / "var/index") == there
        assert again.count("(already there)") == 2

    def test_uploads_nothing_if_one_member_differs(self, train, publish):
        """All members are compared with the index before the first upload."""
        index = train / "var/index"
        index.mkdir(parents=True)
        write_wheel(index, "mercato-trunk", "0.1.0", {"other.py": ""})

        said, passed = publish("platform-v0.1.0", "--local")

        assert not passed
        assert "The index has another mercato_trunk-0.1.0" in said
        assert not list(index.glob("mercato_soil*"))

    def test_is_refused_with_what_is_wrong_in_a_member(self, train, publish):
        """Faults name their member; requirements between members must have the train's version."""
        needs = '["mercato-soil>=0.0.9,<1"]'
        write_distribution(train, "trunk", home="packages/platform", needs=needs)
        write(train, "packages/platform/soil/CHANGELOG.md", "# Changelog\n")
        commit(train)
        git(train, "tag", "--delete", "platform-v0.1.0")
        tag(train, "platform-v0.1.0")

        said, passed = publish("platform-v0.1.0", "--local")

        assert not passed
        assert "soil: CHANGELOG.md has no section for 0.1.0" in said
        assert "trunk: mercato-soil>=0.0.9,<1: the platform is released as a whole" in said

    def test_has_one_version(self, train, publish):
        """All members must have the version of the tag."""
        write_distribution(train, "soil", home="packages/platform", version="0.2.0")
        commit(train)
        tag(train, "platform-v0.2.0")

        said, passed = publish("platform-v0.2.0", "--local")

        assert not passed
        assert "platform-v0.2.0 is a tag of mercato-trunk 0.1.0: tag and version must agree" in said


TAGGED = """

@nox.session(venv_backend="none")
def tags(session: nox.Session) -> None:
    import tempfile
    from nox.sessions import _SessionQuit
    from mercato_dev.publish import find_release, make

    for tag in session.posargs:
        try:
            make(session, find_release(session, tag), Path(tempfile.gettempdir()))
        except _SessionQuit as error:
            session.log(f"{tag}: {error}")
"""
REFUSED = {
    "apples": "'apples' is not the tag of a release",
    "apples-v0.1": "There is no tag apples-v0.1: `nox -s release` makes it",
    "aples-v0.1.0": "Similar: apples-v0.1.0",
    "apples-v0.1.1": "apples-v0.1.1 is a lightweight tag",
    "apples-v0.2.0": "is a tag of mercato-apples 0.1.0: tag and version must agree",
    "plums-v0.1.0": "In this commit, no release unit is called 'plums'. There are apples, pears",
    "apples-v0.3.0": "The commit of apples-v0.3.0 is not on main",
    "soil-v0.1.0": "soil is released with the platform: release -- platform",
}


class TestTags:
    def test_that_are_not_final_are_refused(self, orchard, publish):
        """A tag must be annotated, on main, of a release unit, and of the version in its files."""
        with (orchard / "noxfile.py").open("a") as sessions:
            sessions.write(TAGGED)
        git(orchard, "tag", "apples-v0.1.1")
        tag(orchard, "apples-v0.2.0", "plums-v0.1.0")
        write_distribution(orchard, "soil", home="packages/platform")
        commit(orchard)
        tag(orchard, "soil-v0.1.0")
        git(orchard, "checkout", "--quiet", "-b", "aside")
        commit(orchard)
        tag(orchard, "apples-v0.3.0")

        said, _ = publish(*REFUSED, session="tags")

        for name, why in REFUSED.items():
            (line,) = (line for line in said.splitlines() if line.startswith(f"nox > {name}: "))
            assert why in line
        assert "Building" not in said


class TestArguments:
    @pytest.mark.parametrize(
        ("words", "why"),
        [
            ([], "the following arguments are required: tag"),
            (["apples-v0.1.0", "--to", "https://x.example/"], "--index is also needed"),
            (["apples-v0.1.0", "--to", "https://a:b@x.example/"], "must not contain a password"),
            (["apples-v0.1.0", "--local", "--to", "https://x.example/"], "not allowed with"),
        ],
    )
    def test_that_are_invalid_are_refused(self, capsys, monkeypatch, words, why):
        """Missing and contradictory arguments are refused, and so are passwords."""
        monkeypatch.delenv("MERCATO_INDEX", raising=False)

        with pytest.raises(SystemExit):
            read_arguments(words)

        assert why in capsys.readouterr().err

    def test_have_a_help(self, capsys):
        """``-- --help`` has examples, and says where credentials come from."""
        with pytest.raises(SystemExit) as ended:
            read_arguments(["--help"])

        told = capsys.readouterr().out
        assert ended.value.code == 0
        assert "nox -s publish -- orders-v1.2.0 --local" in told
        assert "UV_PUBLISH_TOKEN" in told


class TestPublishTags:
    def test_brings_what_the_local_index_lacks(self, orchard, publish):
        """Missing releases are built and uploaded; the others are not built again."""
        with (orchard / "noxfile.py").open("a") as sessions:
            sessions.write(TAGS)
        commit(orchard)
        tag(orchard, "pears-v0.1.0")

        first, passed = publish(session="released")
        second, passed_again = publish(session="released")

        assert passed, first
        assert passed_again, second
        assert first.count(" is in ") == 2
        assert len(files_in(orchard / "var/index")) == 4
        assert "Building" not in second
