"""The reference page of faults: a row for each code, with the tests that provoke it."""

import ast
from pathlib import Path

from mercato_composition.faults.codes import codes

ROOT = Path(__file__).parents[3]
TESTS = ("packages/*/tests", "packages/platform/*/tests", "host/tests")

HEAD = """\
# Faults

The faults that `mercato check` and the other commands report; `mercato explain K108` explains one.
The last column lists the tests that provoke it. `nox -s docs` writes this
page from the code.

"""


def provoked():
    """Return the test modules with tests marked ``provokes``, by code."""
    found = {}
    folders = [folder for pattern in TESTS for folder in sorted(ROOT.glob(pattern))]
    for folder, file in ((one, file) for one in folders for file in sorted(one.rglob("test_*.py"))):
        name = f"{folder.parent.name}/{file.relative_to(folder).with_suffix('').as_posix()}"
        for code in _marked(ast.parse(file.read_text())):
            found.setdefault(code, {})[name] = None
    return found


def page():
    """Return the text of the page."""
    tests = provoked()
    lines = ["| code | title | provoked by |", "|---|---|---|"]
    for code in codes().values():
        names = ", ".join(f"`{name}`" for name in tests.get(code.code, ()))
        lines.append(f"| {code.code} | {code.title} | {names} |")
    return HEAD + "\n".join(lines) + "\n"


def _marked(tree):
    """Give the codes in the ``provokes`` marks of a module."""
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", ()):
            if "provokes" in ast.unparse(decorator).partition("(")[0]:
                yield from map(ast.literal_eval, decorator.args)
