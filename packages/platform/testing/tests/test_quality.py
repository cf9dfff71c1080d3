"""The quality scale: the level that a run shows, and the one that a package records."""

import pytest

from mercato_testing.samples import wheels

pytest_plugins = ["pytester"]

FEATURE = """
    from mercato_kit.feature import Feature

    feature = Feature(name="NAME", summary="For a test.")
"""

SUITE = """
from PACKAGE.feature import feature
from mercato_testing.quality import rule

class TestNAME:
    feature = feature
    aims = "AIMS"

    @rule("bronze")
    def test_fits(self):
        pass

    @rule("silver")
    def test_is_safe(self):
        pass

    @rule("gold")
    def test_is_clear(self):
        assert "NAME" != "alpha"

    @rule("platinum")
    def test_is_proven(self):
        assert "NAME" != "alpha"
"""


@pytest.fixture
def suite(pytester):
    """Return a function that writes a feature, and tests of it, of which those of alpha fail."""
    pytester.makeini("[pytest]\npythonpath = src\n")
    sources = pytester.mkdir("src")

    def write(name, aims="platinum", records=None):
        files = {"feature.py": FEATURE.replace("NAME", name)}
        if records is not None:
            files["quality.json"] = records
        package = wheels.install_package(sources, name, files)
        tests = pytester.path / "tests"
        tests.mkdir(exist_ok=True)
        text = SUITE.replace("PACKAGE", package).replace("NAME", name).replace("AIMS", aims)
        (tests / f"test_{name}.py").write_text(text)
        return sources / package / "quality.json"

    return write


@pytest.fixture
def run(pytester):
    """Return a function that runs pytest, on all tests."""
    return lambda *words: pytester.runpytest_inprocess("-p", "no:cacheprovider", *words)


class TestLevels:
    def test_are_printed_for_each_feature(self, suite, run):
        """A level needs all rules up to it; the summary names what the next one needs.

        Rules above the level that a class aims at do not fail the run. Tests may run in another
        process.
        """
        suite("alpha", aims="silver")
        suite("beta")

        done = run("-n1")

        done.assert_outcomes(passed=6, xfailed=2)
        done.stdout.fnmatch_lines(
            [
                "alpha: silver; gold needs test_is_clear; quality.json says nothing: *",
                "beta: platinum; quality.json says nothing: see --record-quality",
            ]
        )
        assert done.ret == 0

    def test_fail_below_what_the_class_aims_at(self, suite, run):
        """A rule of the level that a class aims at fails the run, as any other test."""
        suite("alpha", aims="gold")

        done = run()

        done.assert_outcomes(passed=2, failed=1, xfailed=1)

    @pytest.mark.parametrize(
        "some", [["-k", "not fits"], ["tests/test_beta.py::Testbeta::test_fits"]]
    )
    def test_are_not_printed_of_a_part(self, suite, run, some):
        """A run of some of the rules shows no level."""
        suite("beta")

        done = run(*some)

        assert "quality scale" not in done.stdout.str()


class TestRecords:
    def test_are_written(self, suite, run):
        """``--record-quality`` writes the level into the package."""
        file = suite("alpha", aims="silver", records='{"level": "platinum"}')

        done = run("--record-quality")

        assert (done.ret, file.read_text()) == (0, '{\n  "level": "silver"\n}\n')
        done.stdout.fnmatch_lines(["alpha: silver; gold needs test_is_clear"])

    def test_that_say_too_much_fail_the_run(self, suite, run):
        """A package that records more than the tests show is refused, though no test fails."""
        suite("alpha", aims="silver", records='{"level": "gold"}')

        done = run()

        done.assert_outcomes(passed=2, xfailed=2)
        assert done.ret == 1
        done.stdout.fnmatch_lines(["alpha: silver; *; quality.json says gold: *"])
