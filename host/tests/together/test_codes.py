"""Each code of a fault is explained, used in the source, and provoked by a test."""

import ast
import re

from mercato_composition.faults.codes import codes

from . import refusals

SOURCES = ("packages/*/src", "packages/platform/*/src")


def codes_in_source():
    """Return the codes in the source of the platform and of features, each with a file of it."""
    found = {}
    folders = [folder for pattern in SOURCES for folder in refusals.ROOT.glob(pattern)]
    for file in (file for folder in folders for file in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for code in re.findall(r"\bK\d{3}\b", node.value):
                    found.setdefault(code, file)
    return found


class TestCodes:
    def test_no_fault_has_an_unknown_one(self):
        """`mercato explain` knows every code in the source."""
        assert {code: file for code, file in codes_in_source().items() if code not in codes()} == {}

    def test_each_can_occur(self):
        """Every code that is explained is used in the source."""
        assert codes().keys() - codes_in_source().keys() == set()

    def test_each_is_explained(self):
        """Each code has a short title and a text with lines of at most 100 characters."""
        for code in codes().values():
            assert 10 <= len(code.title) <= 80
            assert len(code.text) >= 100
            assert all(len(line) <= 100 for line in code.text.splitlines())

    def test_stand_in_order(self):
        """The codes are sorted."""
        assert list(codes()) == sorted(codes())


class TestProvoked:
    def test_each_by_a_test(self):
        """Each code is provoked by a test with a real wheel, file or database."""
        tests = refusals.provoked()

        assert tests.keys() == codes().keys()
