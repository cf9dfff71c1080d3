"""Codes of faults: known in one place, explained, and each provoked by a test."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

from mercato_composition.faults.codes import codes

from . import refusals

PLATFORM = ("composition", "database", "installer", "runtime")


def told():
    """Return the codes that the platform reports, each with a file that does."""
    found = {}
    packages = [Path(find_spec(f"mercato_{name}").origin).parent for name in PLATFORM]
    for file in (file for package in packages for file in package.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for code in re.findall(r"\bK\d{3}\b", node.value):
                    found.setdefault(code, file)
    return found


class TestCodes:
    def test_no_fault_has_an_unknown_one(self):
        """Whatever code the source tells of, `mercato explain` knows it."""
        assert {code: file for code, file in told().items() if code not in codes()} == {}

    def test_each_can_occur(self):
        """A code that nothing tells of is not explained either."""
        assert codes().keys() - told().keys() == set()

    def test_each_is_explained(self):
        """A title of a few words, and lines that a terminal holds."""
        for code in codes().values():
            assert 10 <= len(code.title) <= 80
            assert len(code.text) >= 100
            assert all(len(line) <= 100 for line in code.text.splitlines())

    def test_stand_in_order(self):
        """They are found where one looks for them."""
        assert list(codes()) == sorted(codes())


class TestProvoked:
    def test_each_by_a_test(self):
        """No refusal is only promised: a test with a real wheel, file or database meets it."""
        tests = refusals.provoked()

        assert tests.keys() == codes().keys()
