"""The addresses of a feature that is left out and whose manifest could not be loaded.

Nobody can ask it what it would have answered. Its mount is known all the same; without one, what
its source says in plain text is read, and nothing of it is run.
"""

import ast
import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from importlib.machinery import PathFinder
from pathlib import Path

from mercato_composition.deployment.model import Deployment
from mercato_composition.features.installed import installed_features

_VERBS = frozenset("delete get patch post put route".split())

# A converter may be the feature's own; any text stands for what it would have taken.
_CONVERTER = re.compile(r"<(?!path:)[^<>:]+:")
_WELL_FORMED = re.compile(r"(?:[^<>]|<(?:[^<>:]+:)?[A-Za-z_]\w*>)*", re.ASCII)

Tree = tuple[ast.Module, Mapping[str, str]]
"""A module, and the URL prefix of each blueprint it makes, by variable."""


def closed_rules(deployment: Deployment, names: Iterable[str]) -> dict[str, str]:
    """Return the URL rules that the features *names* would have, as far as they can be known.

    Returns:
        The feature's name, by rule.
    """
    rules: dict[str, str] = {}
    for name in names:
        choice = deployment.features[name]
        if choice.mount:
            rules |= {choice.mount: name, f"{choice.mount}/<path:rest>": name}
        else:
            rules |= dict.fromkeys(_rules_in_source(name), name)
    return rules


def _rules_in_source(name: str) -> Iterator[str]:
    entries = installed_features().get(name, [])
    if len(entries) != 1:
        return
    trees = [_read(file) for file in _files_of(entries[0].entry_point.module)]
    for tree, own in trees:
        for variable, rule in _decorated(tree):
            for prefix in _prefixes(variable, own, trees):
                if _WELL_FORMED.fullmatch(prefix + rule):
                    yield _CONVERTER.sub("<", prefix + rule)


def _files_of(module: str) -> list[Path]:
    """Find the source of a top-level module or package, without importing it."""
    spec = PathFinder.find_spec(module.partition(".")[0])
    if spec is None:
        return []
    folders = spec.submodule_search_locations
    if folders is None:
        return [Path(str(spec.origin))]
    return sorted(file for folder in folders for file in Path(folder).rglob("*.py"))


def _read(file: Path) -> Tree:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        tree = ast.Module(body=[], type_ignores=[])
    return tree, dict(_blueprints(tree))


def _blueprints(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give the variables that hold a blueprint, each with its prefix."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(
                targets=[ast.Name(id=variable)],
                value=ast.Call(func=ast.Name(id="Blueprint"), keywords=keywords),
            ):
                yield variable, _text_of("url_prefix", keywords).rstrip("/")


def _text_of(name: str, keywords: Sequence[ast.keyword]) -> str:
    for keyword in keywords:
        match keyword:
            case ast.keyword(arg=arg, value=ast.Constant(value=str(text))) if arg == name:
                return text
    return ""


def _decorated(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give the routes that decorators declare: the blueprint's variable, and the rule."""
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", ()):
            match decorator:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id=variable), attr=verb),
                    args=[ast.Constant(value=str(rule)), *_],
                ) if verb in _VERBS and rule.startswith("/"):
                    yield variable, rule


def _prefixes(variable: str, own: Mapping[str, str], trees: Sequence[Tree]) -> set[str]:
    """Return the prefix of a blueprint; one of another module is known by its variable."""
    if variable in own:
        return {own[variable]}
    return {prefixes[variable] for _, prefixes in trees if variable in prefixes}
