"""K420: a feature's wheel imports no other feature, and of the platform only the kit."""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.metadata import distribution
from importlib.util import decode_source, find_spec
from pathlib import Path
from unicodedata import normalize

from mercato_composition.faults import Fault, Outside
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.installed import installed_features

_PLATFORM = "composition database dev host installer runtime testing".split()

_OF_PLATFORM = {f"mercato_{name}": f"the platform's {name}" for name in _PLATFORM}


def own_packages_only(features: Sequence[Candidate]) -> Iterator[Fault]:
    """Parse every module of the composed wheels, and check its imports (K420)."""
    entries = [entry for found in installed_features().values() for entry in found]
    others = {entry.package: f"the feature {entry.name!r}" for entry in entries}
    for feature in features:
        own = {
            entry.package
            for entry in entries
            if (entry.name, entry.distribution.name) == (feature.name, feature.distribution)
        }
        foreign = {
            name: whose for name, whose in (others | _OF_PLATFORM).items() if name not in own
        }
        places: dict[str, list[str]] = {}
        for file in _modules(feature.distribution, own):
            for package, line in _imports(file, foreign):
                if package in foreign:
                    places.setdefault(package, []).append(f"{file}:{line}")
        yield from _faults(feature, foreign, places)


def _faults(
    feature: Candidate, foreign: Mapping[str, str], places: Mapping[str, Sequence[str]]
) -> Iterator[Fault]:
    for package, lines in sorted(places.items()):
        what = "\n".join([f"it imports {package}, of {foreign[package]}:", *lines])
        fix = (
            "need a contract that it offers, or handle its events; of the platform, import the kit"
        )
        address = f"tell the maintainers of {feature.release}: {fix}"
        yield feature.fault("K420", what, Outside(address), mark=package)


def _modules(name: str | None, packages: set[str]) -> Iterator[Path]:
    """Give the Python files of a wheel; of an editable one, those of its features' packages."""
    if name is None:
        return
    found = distribution(name)
    files = {Path(str(found.locate_file(file))) for file in found.files or ()}
    for package in packages:
        spec = find_spec(package)
        files |= {Path(spec.origin)} if spec is not None and spec.origin else set()
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            files.update(Path(folder).rglob("*.py"))
    yield from sorted(file for file in files if file.suffix == ".py")


def _imports(file: Path, wanted: Collection[str]) -> Iterator[tuple[str, int]]:
    """Give the top-level package of each import, and its line.

    A file that has none of the *wanted* names in it gives nothing, and is not parsed.
    """
    try:
        text = decode_source(file.read_bytes())
        # Python reads identifiers in this form.
        plain = normalize("NFKC", text)
        if not any(name in plain for name in wanted):
            return
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError):
        # It cannot be imported either.
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0], node.lineno
