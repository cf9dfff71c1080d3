"""The tests that every feature inherits."""

import dataclasses
import shutil
from pathlib import Path

from mercato_kit import db
from mercato_kit.db import session
from mercato_testing.conformance import repeated_samples
from mercato_testing.samples import notes, wheels
from mercato_testing.samples.notes import feature

pytest_plugins = ["pytester"]


class TestRepeatedSamples:
    def test_accepts_once(self, app):
        """Sample data that is added only once is accepted."""
        assert list(repeated_samples(app, feature)) == []

    def test_finds_twice(self, app):
        """Sample data that is added again by a second run is found."""

        def again(_samples):
            session.add(notes.Effect(handler="x", event_id=db.new_id(), process=1))
            return []

        (found,) = repeated_samples(app, dataclasses.replace(feature, sample_data=again))

        assert found == "notes_effect: 1 rows, and 2 after a second run"


MODULES = """
cli.py events.py feature.py jobs.py models.py permissions.py privacy.py routes.py sample_data.py
""".split()

SUITE = """
import dataclasses
from mercato_testing.conformance import FeatureConformance
from PACKAGE.feature import feature

class TestGood(FeatureConformance):
    feature = feature

class TestBad(FeatureConformance):
    feature = dataclasses.replace(feature, permissions={})
"""


class TestFeatureConformance:
    def test_is_inherited_in_three_lines(self, pytester):
        """A good feature passes every test; the failure of a bad one says what is wrong."""
        source = Path(notes.__file__)
        parts = dict.fromkeys(MODULES, "from PACKAGE.notes import *\n")
        files = {"notes.py": source.read_text(), "py.typed": "", **parts}
        readme = "\n`notes.write`, `note.added`"
        package = wheels.install_package(pytester.path, "notes", files, metadata=readme)
        shutil.copytree(source.parent / "migrations", pytester.path / package / "migrations")
        pytester.makepyfile(SUITE.replace("PACKAGE", package))
        pytester.makeini("[pytest]\npythonpath = .\n")

        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-k", "not postgresql")

        result.stdout.fnmatch_lines(["*the manifest does not declare 'notes.write'"])
        failed = result.parseoutcomes()["failed"]
        result.assert_outcomes(passed=56 - failed, failed=failed)
        assert all("TestBad" in line for line in result.outlines if line.startswith("FAILED"))
