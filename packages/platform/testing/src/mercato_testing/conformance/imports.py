"""Check of imports: of the kit, a feature uses public names only."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mercato_kit
from mercato_kit.feature import Feature
from mercato_testing.conformance.shape import packages_of

KIT = mercato_kit.__name__


def private_names(feature: Feature) -> Iterator[str]:
    """Find imports of modules and names of the kit that are not public."""
    for package in packages_of(feature):
        folder = Path(str(import_module(package).__file__)).parent
        for file in sorted(folder.rglob("*.py")):
            for line, name in _imported(file):
                if not is_public(name):
                    yield f"{file.relative_to(folder)}:{line}: {name} is not a public name"


@cache
def is_public(name: str) -> bool:
    """Return whether a dotted name of the kit is public.

    A package or module with ``__all__`` has the names that it lists; any other, those that it
    defines and that start without an underscore.
    """
    found: Any = mercato_kit
    for part in name.split(".")[1:]:
        listed = getattr(found, "__all__", None)
        inner = _member(found, part)
        if part not in listed if listed is not None else not _is_own(found, part, inner):
            return False
        found = inner
    return True


def _member(owner: Any, name: str) -> Any:
    path = f"{owner.__name__}.{name}"
    is_module = hasattr(owner, "__path__") and find_spec(path) is not None
    return import_module(path) if is_module else getattr(owner, name, None)


def _is_own(owner: Any, name: str, value: Any) -> bool:
    """Return whether a module without ``__all__`` defines a name; values do not say where."""
    home = getattr(value, "__module__", None) or owner.__name__
    is_elsewhere = home.startswith(f"{KIT}.") and home != owner.__name__
    return not name.startswith("_") and not is_elsewhere


def _imported(file: Path) -> Iterator[tuple[int, str]]:
    """Return the line and dotted name of each import from the kit in *file*."""
    for node in ast.walk(ast.parse(file.read_text())):
        found: list[tuple[int, str]] = []
        if isinstance(node, ast.Import):
            found = [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found = [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
        yield from (one for one in found if one[1].split(".")[0] == KIT)
