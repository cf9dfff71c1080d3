"""Checks of modules and names: the same part is in the same place in every feature."""

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

from mercato_kit.feature import ENTRY_POINT_GROUP, Feature, Glue

_NAMES = {
    "metadata": ("models", "Base.metadata"),
    "publishes": ("events", "PUBLISHES"),
    "handles": ("events", "HANDLES"),
    "expansions": ("expansions", "EXPANSIONS"),
    "jobs": ("jobs", "JOBS"),
    "permissions": ("permissions", "PERMISSIONS"),
    "cli": ("cli", "commands"),
    "personal_data": ("privacy", "PERSONAL_DATA"),
    "sample_data": ("sample_data", "make_sample_data"),
}
"""The module and the name that each member of the manifest is imported from."""


def misplaced_manifest(feature: Feature) -> Iterator[str]:
    """Find a manifest outside the module ``feature``, and other definitions in that module."""
    for entry in _entry_points(feature):
        package = _package_of(entry)
        if not package:
            yield f"{entry.name} = {entry.value}: move the manifest to PACKAGE.feature:feature"
            continue
        source = Path(str(import_module(entry.module).__file__))
        for statement in ast.parse(source.read_text()).body:
            if not _belongs_to_a_manifest(statement):
                yield (
                    f"{source.name}:{statement.lineno}: a manifest only imports names: "
                    f"move this to another module of {package}"
                )


def misnamed_parts(feature: Feature) -> Iterator[str]:
    """Find members of the manifest that are not defined in their module."""
    for package in packages_of(feature):
        for member, (module, name) in _NAMES.items():
            # An empty part may be omitted in the manifest, in the module, or in both.
            held = getattr(feature, member) or None
            defined = _find(package, module, name) or None
            if defined is None and held is not None:
                yield f"{member}: define it in {package}.{module} as {name}"
            elif defined is not held:
                yield f"{member}: the manifest must import {name} from {package}.{module}"


def misplaced_parts(feature: Feature) -> Iterator[str]:
    """Find settings, blueprints, providers and handlers outside their modules."""
    for package in packages_of(feature):
        for member, value, module in _placed(feature):
            home = _import(package, module)
            if home is None or not any(value is each for each in vars(home).values()):
                shown = getattr(value, "__name__", value)
                yield f"{member}: {shown} is not in {package}.{module}: move it there"


def bypassed_services(feature: Feature) -> Iterator[str]:
    """Find imports of the modules inside ``services``; others import the package only."""
    for package in packages_of(feature):
        inside = f"{package}.services"
        folder = Path(str(import_module(package).__file__)).parent
        for file in sorted(folder.rglob("*.py")):
            place = file.relative_to(folder)
            if place.parts[0] == "services":
                continue
            for line, name in _imports(file):
                if name == inside or name.startswith(f"{inside}."):
                    yield f"{place}:{line}: from {package} import services, and call services.…"


def untyped_packages(feature: Feature) -> Iterator[str]:
    """Find packages without ``py.typed``, whose types no type checker would read."""
    for package in packages_of(feature):
        if not (Path(str(import_module(package).__file__)).parent / "py.typed").exists():
            yield f"{package} has no py.typed"


def _entry_points(feature: Feature) -> Iterator[EntryPoint]:
    """Return the entry points of *feature*; another test reports that there is none."""
    yield from entry_points(group=ENTRY_POINT_GROUP, name=feature.name)


def packages_of(feature: Feature) -> Iterator[str]:
    """Return the packages of a feature."""
    yield from filter(None, map(_package_of, _entry_points(feature)))


def _package_of(entry: EntryPoint) -> str:
    """Return the package whose module ``feature`` has the manifest; empty if there is none."""
    package, _, module = entry.module.rpartition(".")
    return package if (module, entry.attr) == ("feature", "feature") else ""


def _belongs_to_a_manifest(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(ast.Constant()):
            return True
        case ast.Assign([ast.Name("feature")]) | ast.AnnAssign(ast.Name("feature")):
            return True
    return False


def _placed(feature: Feature) -> Iterator[tuple[str, object, str]]:
    """Return the member and value of each part, and the module that must define it."""
    if feature.settings is not None:
        yield "settings", feature.settings, "settings"
    parts: tuple[Feature | Glue, ...] = (feature, *feature.glue)
    for part in parts:
        for blueprint in part.blueprints:
            yield "blueprints", blueprint, "routes"
        for offer in part.offers:
            yield "offers", offer.factory, "provides"
        for decorator in part.decorates:
            yield "decorates", decorator.factory, "provides"
        for handler in part.handles:
            yield "handles", handler.function, "events"
        for expansion in part.expansions:
            yield "expansions", expansion.batch, "expansions"


def _import(package: str, module: str) -> ModuleType | None:
    name = f"{package}.{module}"
    return None if find_spec(name) is None else import_module(name)


def _find(package: str, module: str, name: str) -> Any:
    home = _import(package, module)
    try:
        return attrgetter(name)(home)
    except AttributeError:
        return None


def _imports(file: Path) -> Iterator[tuple[int, str]]:
    """Return the line and module of each import in *file*, including those in functions."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""
