"""A session that does not succeed blocks a release."""

import json

import pytest

from .orchard import run_session, stand_in

PROOF = """
from mercato_dev.gates.proof import prove

@nox.session
def proof(session):
    prove(session, UNITS)
"""


@pytest.fixture
def proven(orchard):
    """Return a workspace with stand-in sessions, and a session that proves them."""
    stand_in(orchard)
    with (orchard / "noxfile.py").open("a") as noxfile:
        noxfile.write(PROOF)
    return orchard


def prove(root, *options):
    """Run the session; return its output, and whether it passed."""
    done = run_session(root, "proof", *options)
    return done.stdout + done.stderr, done.returncode == 0


class TestProve:
    def test_runs_every_session_that_says_something(self, proven):
        """The sessions of each distribution run, and common sessions run once."""
        output, passes = prove(proven)

        assert passes, output
        for name in ("lint", "types", "boundaries", "combinations", "pace"):
            assert output.count(f"Here is {name} ") == 1
        for name in ("imports", "tests", "lowest", "compat"):
            assert output.count(f"Here is {name}(apples) ") == 1
            assert output.count(f"Here is {name}(pears) ") == 1

    def test_runs_no_session_that_only_another_repository_has(self, proven):
        """Sessions of a noxfile are gates only where ``[tool.mercato]`` names them."""
        settings = proven / "pyproject.toml"
        settings.write_text(
            settings.read_text().replace('gates = ["combinations", "pace"]', 'gates = ["pace"]')
        )

        output, passes = prove(proven)

        assert passes, output
        assert "Here is pace " in output
        assert "Here is combinations " not in output

    def test_names_every_red_session(self, proven, monkeypatch):
        """All failed sessions are listed."""
        monkeypatch.setenv("ORCHARD", json.dumps({"types": "fail", "lowest(pears)": "fail"}))

        output, passes = prove(proven)

        assert not passes
        assert "\n  red: types\n  red: lowest(pears)\n" in output

    def test_takes_a_skipped_session_for_red(self, proven, monkeypatch):
        """A skipped session counts as failed."""
        monkeypatch.setenv("ORCHARD", json.dumps({"tests(apples)": "skip"}))

        output, passes = prove(proven)

        assert not passes
        assert "red: tests(apples)" in output

    def test_takes_an_interrupted_session_for_red(self, proven, monkeypatch):
        """An interrupted session fails the proof, also after an earlier success."""
        monkeypatch.setenv("ORCHARD", json.dumps({"tests(apples)": "interrupt"}))
        before, passes_before = prove(proven)

        monkeypatch.setenv("ORCHARD", "{}")
        green, passes_green = prove(proven)

        monkeypatch.setenv("ORCHARD", json.dumps({"tests(apples)": "interrupt"}))
        after, passes_after = prove(proven)

        assert passes_green, green
        assert (passes_before, passes_after) == (False, False)
        assert "nothing is proven" in before
        # The report of the last run is not read.
        assert "nothing is proven" in after

    def test_takes_a_session_that_is_not_there_for_red(self, proven):
        """A missing session fails the proof."""
        noxfile = proven / "noxfile.py"
        noxfile.write_text(noxfile.read_text().replace('"boundaries"', '"borders"'))

        output, passes = prove(proven)

        assert not passes
        assert "Sessions not found: boundaries" in output

    def test_passes_nothing_on_that_was_typed(self, proven):
        """Arguments behind ``--`` are not passed on, because they could select a few tests."""
        output, passes = prove(proven, "--", "-k", "nothing")

        assert passes, output
        assert "Here is tests(apples) with []" in output

    def test_uses_the_environments_of_its_caller(self, proven, tmp_path_factory):
        """The sessions use the environments of the caller's ``--envdir``."""
        elsewhere = tmp_path_factory.mktemp("elsewhere")

        output, passes = prove(proven, f"--envdir={elsewhere}")

        assert passes, output
        assert f"Here is tests(apples) with [] below {elsewhere}" in output
