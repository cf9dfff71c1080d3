"""``nox -s compat`` fails if new versions break released ones."""

import functools
import http.server
import shutil
import threading

import pytest

from mercato_dev.index import serve_index
from mercato_dev.wheel_writer import write_wheel

from .orchard import commit, copy_settings, git, run_session, tag, write_distribution, write_feature

WATER = """
def water():
    return "wet"
"""
MORE = """
import warnings


def water():
    warnings.warn("Use rain().", DeprecationWarning, stacklevel=2)
    return rain()


def rain():
    return "wet"
"""
RAIN = """
def rain():
    return "wet"
"""
TEST = """
import mercato_soil


def test_grows():
    assert mercato_soil.{call}() == "wet"
"""


def write_soil(root, version, code):
    """Write the platform, which apples require."""
    write_distribution(root, "soil", version=version, code=code, home="packages/platform")


def write_rain(root, version):
    """Write another member of the platform, which requires soil."""
    needs = f'["mercato-soil>={version},<2"]'
    write_distribution(root, "rain", version=version, needs=needs, home="packages/platform")


def write_apples(root, version, call, needs='"mercato-soil>=1,<2"'):
    """Write the feature, which calls a function of soil."""
    write_feature(root, "apples", version=version, needs=f"[{needs}]")
    (root / "packages/apples/tests/test_it.py").write_text(TEST.format(call=call))


@pytest.fixture(scope="module")
def compat(environments):
    """Return a function that runs the session; it returns the output, and whether it passed."""

    def run(root, short):
        done = run_session(root, f"compat({short})", f"--envdir={environments}")
        return done.stdout + done.stderr, done.returncode == 0

    return run


@pytest.fixture
def field(tmp_path):
    """Return a workspace under git with a platform and a feature, without a release."""
    copy_settings(tmp_path)
    write_soil(tmp_path, "1.0.0", WATER)
    write_apples(tmp_path, "1.0.0", "water")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def published(tmp_path_factory, compat):
    """Return the folder of an index with the first version of both."""
    root = tmp_path_factory.mktemp("published")
    copy_settings(root)
    write_soil(root, "1.0.0", WATER)
    write_apples(root, "1.0.0", "water")
    git(root, "init", "--quiet")
    commit(root)
    tag(root, "platform-v1.0.0", "apples-v1.0.0")
    said, passes = compat(root, "apples")
    assert passes, said
    return root / "var/index"


@pytest.fixture
def released(field, published):
    """Return the workspace with the first version of both released."""
    tag(field, "platform-v1.0.0", "apples-v1.0.0")
    shutil.copytree(published, field / "var/index")
    return field


class TestCompatOfThePlatform:
    def test_passes_where_nothing_is_released(self, compat, field):
        """Without a release, nothing is tried."""
        said, passes = compat(field, "platform")

        assert passes, said
        assert "There is no release to try with platform" in said

    def test_tries_what_has_a_tag(self, compat, field):
        """Without MERCATO_INDEX, tags of the repository are releases, and are built once."""
        tag(field, "platform-v1.0.0", "apples-v1.0.0")
        first, passes_first = compat(field, "platform")

        again, passes_again = compat(field, "platform")

        assert passes_first, first
        assert passes_again, again
        tried = "1 of 1: apples 1.0.0 (released) beside platform 1.0.0 (new)"
        assert tried in first
        assert tried in again
        assert "Building apples-v1.0.0" in first
        assert "Building" not in again

    def test_names_what_a_change_breaks(self, compat, released):
        """A change that passes with the new feature may break the released one."""
        write_soil(released, "1.1.0", RAIN)
        write_apples(released, "1.1.0", "rain", needs='"mercato-soil>=1.1,<2"')
        tested = run_session(released, "tests(apples)")

        said, passes = compat(released, "platform")

        assert tested.returncode == 0
        assert not passes
        assert "compat(platform) breaks apples 1.0.0 (released)" in said
        assert "platform 1.1.0 (new): 1 failed" in said
        # The output has the reason.
        assert "module 'mercato_soil' has no attribute 'water'" in said

    def test_leaves_out_what_a_range_excludes(self, compat, released):
        """A feature whose range excludes the new platform is not tried with it."""
        write_soil(released, "2.0.0", RAIN)

        said, passes = compat(released, "platform")

        assert passes, said
        assert "apples 1.0.0 requires platform <2: not tried with 2.0.0" in said

    def test_fails_where_the_tests_do_not_run(self, compat, released):
        """Tests that do not run are a failure."""
        write_soil(released, "1.1.0", 'raise RuntimeError("mud")')

        said, passes = compat(released, "platform")

        assert not passes
        assert "breaks apples 1.0.0 (released)" in said

    def test_fails_when_something_else_is_installed(self, compat, released, environments):
        """An environment that was changed after its installation is a failure."""
        before, passes_before = compat(released, "platform")
        (gone,) = environments.glob("compat-platform/**/mercato_soil-1.0.0.dist-info")
        shutil.rmtree(gone)

        after, passes = compat(released, "platform")

        assert passes_before, before
        assert not passes
        assert "wanted, but not installed, or the reverse: mercato-soil @ file:" in after


class TestCompatOfSeveralMembers:
    @pytest.fixture
    def grove(self, released):
        """Return the workspace with a second member of the platform, released as 1.1.0."""
        write_soil(released, "1.1.0", MORE)
        write_rain(released, "1.1.0")
        commit(released)
        tag(released, "platform-v1.1.0")
        needs = '"mercato-soil>=1,<2", "mercato-rain>=1,<2"'
        write_apples(released, "1.1.0", "water", needs=needs)
        return released

    def test_tries_all_members_of_one_version(self, compat, grove):
        """A version without a required member is not tried."""
        said, passes = compat(grove, "apples")

        assert passes, said
        assert "1 of 1: apples 1.1.0 (new) beside platform 1.1.0 (released)" in said
        assert "apples 1.1.0 requires mercato-rain, which platform 1.0.0 lacks: not tried" in said

    def test_fails_where_half_of_a_version_is_there(self, compat, grove):
        """A version with a missing member fails the session, with the fix."""
        compat(grove, "apples")
        with serve_index(grove / "var/index") as index:
            for file in (grove / "var/index").glob("mercato_soil-1.1.0*"):
                file.unlink()
            with pytest.MonkeyPatch.context() as environ:
                environ.setenv("MERCATO_INDEX", index.url)
                said, passes = compat(grove, "apples")

        assert not passes
        assert "The index has platform 1.1.0 without mercato-soil" in said
        assert "nox -s publish -- platform-v1.1.0 completes it" in said


class TestCompatOfAFeature:
    def test_tries_each_release_that_its_range_admits(self, compat, released):
        """A new feature must work with each released platform in its range."""
        write_soil(released, "1.1.0", MORE)
        commit(released)
        tag(released, "platform-v1.1.0")
        write_apples(released, "1.1.0", "rain")

        said, passes = compat(released, "apples")

        assert not passes
        assert "1 of 2: apples 1.1.0 (new) beside platform 1.1.0 (released)" in said
        assert "2 of 2: apples 1.1.0 (new) beside platform 1.0.0 (released)" in said
        assert said.count("compat(apples) breaks") == 1
        assert "beside platform 1.0.0 (released): 1 failed" in said

    def test_leaves_out_what_its_range_excludes(self, compat, released):
        """A release below the floor is not tried."""
        write_soil(released, "1.1.0", MORE)
        commit(released)
        tag(released, "platform-v1.1.0")
        write_apples(released, "1.1.0", "rain", needs='"mercato-soil>=1.1,<2"')

        said, passes = compat(released, "apples")

        assert passes, said
        assert "apples 1.1.0 requires platform >=1.1: not tried with 1.0.0" in said


class TestTheIndex:
    @pytest.fixture
    def publish(self, tmp_path_factory, monkeypatch):
        """Return a function that writes the index page of apples."""
        root = tmp_path_factory.mktemp("static")
        page = root / "simple/mercato-apples/index.html"
        page.parent.mkdir(parents=True)
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(root))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            monkeypatch.setenv("MERCATO_INDEX", f"http://127.0.0.1:{server.server_port}/simple/")
            yield lambda links: page.write_text(f"<!DOCTYPE html>{links}")
            server.shutdown()

    def test_has_versions_that_are_not_tried(self, compat, field, publish):
        """Yanked versions, pre-releases and those for other Pythons are not tried."""
        publish(
            '<a href="a" data-yanked="rotten">mercato_apples-1.0.0-py3-none-any.whl</a>'
            '<a href="b">mercato_apples-1.1.0rc1-py3-none-any.whl</a>'
            '<a href="c" data-requires-python="&gt;=3.99">mercato_apples-1.2.0-py3-none-any.whl</a>'
        )

        said, passes = compat(field, "platform")

        assert passes, said
        assert "apples 1.0.0 is yanked: not tried" in said
        assert "apples 1.1.0rc1 is a pre-release: not tried" in said
        assert "apples 1.2.0 requires Python >=3.99: not tried" in said

    def test_must_have_the_tests_of_a_release(self, compat, field, publish):
        """A release without its sdist fails the session."""
        publish('<a href="a">mercato_apples-1.0.0-py3-none-any.whl</a>')

        said, passes = compat(field, "platform")

        assert not passes
        assert "mercato-apples 1.0.0 without its wheel or its sdist" in said

    def test_is_the_one_that_is_named(self, compat, released, published, monkeypatch):
        """With MERCATO_INDEX, the tags of the repository do not count."""
        tag(released, "platform-v9.9.9")
        with serve_index(published) as index:
            monkeypatch.setenv("MERCATO_INDEX", index.url)
            said, passes = compat(released, "apples")

        assert passes, said
        assert "apples 1.0.0 (new) beside platform 1.0.0 (released)" in said
        assert "9.9.9" not in said


class TestOurNames:
    @pytest.fixture
    def stranger(self, tmp_path_factory, monkeypatch):
        """Serve higher versions of our names from another index, which uv asks first."""
        folder = tmp_path_factory.mktemp("stranger")
        for short in ("soil", "apples", "pears"):
            write_wheel(
                folder, f"mercato-{short}", "1.99", {f"mercato_{short}.py": "raise OSError"}
            )
        with serve_index(folder) as index:
            monkeypatch.setenv("UV_INDEX", index.url)
            monkeypatch.setenv("UV_OFFLINE", "false")
            yield

    def test_are_never_taken_from_another_index(self, compat, released, stranger):
        """Our distributions are not installed from another index; deprecations do not fail."""
        write_soil(released, "1.1.0", MORE)

        said, passes = compat(released, "platform")

        assert passes, said
        assert "apples 1.0.0 (released) beside platform 1.1.0 (new)" in said
        assert "1 passed" in said

    def test_without_a_release_are_not_taken_from_another_index(self, compat, field, stranger):
        """A distribution of another index does not replace an unreleased one of ours."""
        write_feature(field, "pears")
        write_apples(field, "1.0.0", "water", needs='"mercato-soil>=1,<2", "mercato-pears>=0,<2"')
        commit(field)
        tag(field, "platform-v1.0.0", "apples-v1.0.0")

        said, passes = compat(field, "platform")

        assert not passes, said
        assert "(new): cannot be installed" in said
        assert "mercato-pears<0" in said
