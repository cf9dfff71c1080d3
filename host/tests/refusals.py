"""Which test provokes which fault: read from the tests, and written into the host's README.

``python host/tests/refusals.py`` writes it.
"""

import ast
from pathlib import Path

from mercato_composition.faults.codes import codes

TESTS = Path(__file__).parent
README = TESTS.parent / "README.md"

BEGIN = "<!-- Written by tests/refusals.py. -->\n"
END = "<!-- End of what tests/refusals.py writes. -->\n"


def provoked():
    """Return the names of the tests marked with ``provokes``, by code."""
    found = {}
    for file in sorted(TESTS.rglob("test_*.py")):
        for test, code in _marked(ast.parse(file.read_text()), ()):
            found.setdefault(code, []).append(f"{file.relative_to(TESTS)}::{test}")
    return found


def table():
    """Return the table of codes and of the tests that provoke them, in Markdown."""
    tests = provoked()
    lines = ["| code | what it says | provoked by |", "|---|---|---|"]
    for code in codes().values():
        names = ", ".join(f"`{name}`" for name in tests.get(code.code, []))
        lines.append(f"| {code.code} | {code.title} | {names} |")
    return "\n".join(lines) + "\n"


def _marked(node, path):
    """Give (``Class::test``, code) of each marked function below *node*."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.ClassDef, ast.FunctionDef)):
            inner = (*path, child.name)
            for decorator in child.decorator_list:
                if "provokes" in ast.unparse(decorator).partition("(")[0]:
                    for argument in decorator.args:
                        yield "::".join(inner), ast.literal_eval(argument)
            yield from _marked(child, inner)


if __name__ == "__main__":
    text = README.read_text()
    before, _, rest = text.partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}")
