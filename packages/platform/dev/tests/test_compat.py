"""``nox -s compat`` fails when what is new breaks what was released."""

import functools
import http.server
import shutil
import subprocess
import threading

import pytest

from mercato_dev.index import serve_index
from mercato_dev.wheel_writer import write_wheel

from .orchard import commit, copy_settings, run_session, tag, write_distribution, write_feature

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
    """Write the platform: the apples grow in it."""
    write_distribution(root, "soil", version=version, code=code, home="packages/platform")


def write_rain(root, version):
    """Write another member of the platform, which requires the first."""
    needs = f'["mercato-soil>={version},<2"]'
    write_distribution(root, "rain", version=version, needs=needs, home="packages/platform")


def write_apples(root, version, call, needs='"mercato-soil>=1,<2"'):
    """Write the feature, which calls one function of the soil."""
    write_feature(root, "apples", version=version, needs=f"[{needs}]")
    (root / "packages/apples/tests/test_it.py").write_text(TEST.format(call=call))


@pytest.fixture(scope="module")
def compat(environments):
    """Offer a function that runs the session; it returns what was said, and whether it passed."""

    def run(root, short):
        done = run_session(root, f"compat({short})", f"--envdir={environments}")
        return done.stdout + done.stderr, done.returncode == 0

    return run


@pytest.fixture
def field(tmp_path):
    """Offer a workspace under git of a platform and a feature, of which nothing is released."""
    copy_settings(tmp_path)
    write_soil(tmp_path, "1.0.0", WATER)
    write_apples(tmp_path, "1.0.0", "water")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    commit(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def published(tmp_path_factory, compat):
    """Offer the files of an index that has the first version of both."""
    root = tmp_path_factory.mktemp("published")
    copy_settings(root)
    write_soil(root, "1.0.0", WATER)
    write_apples(root, "1.0.0", "water")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    commit(root)
    tag(root, "platform-v1.0.0", "apples-v1.0.0")
    said, passes = compat(root, "apples")
    assert passes, said
    return root / "var/index"


@pytest.fixture
def released(field, published):
    """Offer the workspace with the first version of both released."""
    tag(field, "platform-v1.0.0", "apples-v1.0.0")
    shutil.copytree(published, field / "var/index")
    return field


class TestCompatOfThePlatform:
    def test_passes_where_nothing_is_released(self, compat, field):
        """The first release breaks nobody, and says so."""
        said, passes = compat(field, "platform")

        assert passes, said
        assert "Nothing that was released is to be tried with platform" in said

    def test_tries_what_has_a_tag(self, compat, field):
        """Without another index, a tag of this repository is a release; it is built once."""
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

    def test_passes_a_change_that_breaks_nothing(self, compat, released):
        """New functions are welcome, and so is a warning of what will go."""
        write_soil(released, "1.1.0", MORE)

        said, passes = compat(released, "platform")

        assert passes, said
        assert "apples 1.0.0 (released) beside platform 1.1.0 (new)" in said
        assert "1 passed" in said

    def test_names_what_a_change_breaks(self, compat, released):
        """A change is green with the features of today, and breaks the one that was released."""
        write_soil(released, "1.1.0", RAIN)
        write_apples(released, "1.1.0", "rain", needs='"mercato-soil>=1.1,<2"')
        tested = [run_session(released, f"tests({short})") for short in ("soil", "apples")]

        said, passes = compat(released, "platform")

        assert [one.returncode for one in tested] == [0, 0]
        assert not passes
        assert "compat(platform) breaks apples 1.0.0 (released)" in said
        assert "platform 1.1.0 (new): 1 failed" in said
        # Why it does can be read.
        assert "module 'mercato_soil' has no attribute 'water'" in said

    def test_leaves_out_what_a_range_excludes(self, compat, released):
        """Who asks for the old major version never gets the new one."""
        write_soil(released, "2.0.0", RAIN)

        said, passes = compat(released, "platform")

        assert passes, said
        assert "apples 1.0.0 wants platform <2: not tried with 2.0.0" in said

    def test_fails_where_the_tests_do_not_run(self, compat, released):
        """No failed test is not a test that passed."""
        write_soil(released, "1.1.0", 'raise RuntimeError("mud")')

        said, passes = compat(released, "platform")

        assert not passes
        assert "breaks apples 1.0.0 (released)" in said

    def test_fails_when_something_else_is_installed(self, compat, released, environments):
        """An environment that somebody changed since proves nothing."""
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
        """Offer the workspace with a second member of the platform, released as 1.1.0 with it."""
        write_soil(released, "1.1.0", MORE)
        write_rain(released, "1.1.0")
        commit(released)
        tag(released, "platform-v1.1.0")
        needs = '"mercato-soil>=1,<2", "mercato-rain>=1,<2"'
        write_apples(released, "1.1.0", "water", needs=needs)
        return released

    def test_tries_all_members_of_one_version(self, compat, grove):
        """A version that one of them was not yet a part of does not do for who needs that one."""
        said, passes = compat(grove, "apples")

        assert passes, said
        assert "1 of 1: apples 1.1.0 (new) beside platform 1.1.0 (released)" in said
        assert "apples 1.1.0 wants mercato-rain, which platform 1.0.0 lacks: not tried" in said

    def test_fails_where_half_of_a_version_is_there(self, compat, grove):
        """A version that cannot be installed fails the session; the message says what to do."""
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
        """Who still has the old platform may install the new feature: so it must work there."""
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
        """A floor that was raised excludes the release that would not do."""
        write_soil(released, "1.1.0", MORE)
        commit(released)
        tag(released, "platform-v1.1.0")
        write_apples(released, "1.1.0", "rain", needs='"mercato-soil>=1.1,<2"')

        said, passes = compat(released, "apples")

        assert passes, said
        assert "apples 1.1.0 wants platform >=1.1: not tried with 1.0.0" in said


class TestTheIndex:
    @pytest.fixture
    def publish(self, tmp_path_factory, monkeypatch):
        """Offer a function that lets an index have a page on the apples."""
        root = tmp_path_factory.mktemp("static")
        page = root / "simple/mercato-apples/index.html"
        page.parent.mkdir(parents=True)
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(root))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            monkeypatch.setenv("MERCATO_INDEX", f"http://127.0.0.1:{server.server_port}/simple/")
            yield lambda links: page.write_text(f"<!DOCTYPE html>{links}")
            server.shutdown()

    def test_has_versions_that_nobody_gets(self, compat, field, publish):
        """Who does not ask for them by name gets neither what was yanked nor a pre-release."""
        publish(
            '<a href="a" data-yanked="rotten">mercato_apples-1.0.0-py3-none-any.whl</a>'
            '<a href="b">mercato_apples-1.1.0rc1-py3-none-any.whl</a>'
            '<a href="c" data-requires-python="&gt;=3.99">mercato_apples-1.2.0-py3-none-any.whl</a>'
        )

        said, passes = compat(field, "platform")

        assert passes, said
        assert "apples 1.0.0 is yanked: not tried" in said
        assert "apples 1.1.0rc1 is a pre-release: not tried" in said
        assert "apples 1.2.0 wants Python >=3.99: not tried" in said

    def test_must_have_the_tests_of_a_release(self, compat, field, publish):
        """Half a release is not one that is compatible, but one that is not proven."""
        publish('<a href="a">mercato_apples-1.0.0-py3-none-any.whl</a>')

        said, passes = compat(field, "platform")

        assert not passes
        assert "mercato-apples 1.0.0 without its wheel or its sdist" in said

    def test_is_the_one_that_is_named(self, compat, released, published, monkeypatch):
        """The tags of this repository are what was released only where no index is named."""
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
        """Let a stranger offer higher versions of our names, where every installer looks first."""
        folder = tmp_path_factory.mktemp("stranger")
        for short in ("soil", "apples", "pears"):
            write_wheel(
                folder, f"mercato-{short}", "1.99", {f"mercato_{short}.py": "raise OSError"}
            )
        with serve_index(folder) as index:
            monkeypatch.setenv("UV_INDEX", index.url)
            yield

    def test_are_never_taken_from_another_index(self, compat, released, stranger):
        """Ours are those of the index that is asked for releases, whatever others offer."""
        write_soil(released, "1.1.0", MORE)

        said, passes = compat(released, "platform")

        assert passes, said
        assert "apples 1.0.0 (released) beside platform 1.1.0 (new)" in said

    def test_that_nobody_released_are_not_taken_from_another_index(self, compat, field, stranger):
        """A stranger's distribution does not stand in for one of ours."""
        write_feature(field, "pears")
        write_apples(field, "1.0.0", "water", needs='"mercato-soil>=1,<2", "mercato-pears>=0,<2"')
        commit(field)
        tag(field, "platform-v1.0.0", "apples-v1.0.0")

        said, passes = compat(field, "platform")

        assert not passes, said
        assert "(new): cannot be installed" in said
        assert "mercato-pears<0" in said
