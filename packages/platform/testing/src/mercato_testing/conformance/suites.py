"""Check that the provider of a contract is tested by the suite of that contract."""

import ast
from collections.abc import Iterator
from pathlib import Path

from mercato_kit.feature import Feature, Glue
from mercato_testing import contracts


def missing_suites(feature: Feature, folder: Path) -> Iterator[str]:
    """Find offers of a contract whose suite no test class below *folder* inherits."""
    inherited = list(_inherited(folder))
    parts: tuple[Feature | Glue, ...] = (feature, *feature.glue)
    for offer in (offer for part in parts for offer in part.offers):
        suite = _suite(f"{offer.contract.__name__}Suite")
        if suite and not any(issubclass(one, suite) for one in inherited):
            name = f"{contracts.__name__}.{suite.__name__}"
            yield f"it offers {offer.id}, and no test class inherits {name}"


def _inherited(folder: Path) -> Iterator[type]:
    """Return the suites that classes in *folder* inherit, by the names that the classes give."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            for base in node.bases if isinstance(node, ast.ClassDef) else ():
                if suite := _suite(ast.unparse(base).rpartition(".")[2]):
                    yield suite


def _suite(name: str) -> type | None:
    found = getattr(contracts, name, None)
    return found if isinstance(found, type) else None
