"""Write a deployment file with every setting, which can be started as it is."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mercato_composition.deployment.corrections import example_of
from mercato_composition.deployment.file import variable_of
from mercato_composition.deployment.model import Choice
from mercato_composition.deployment.reader import read_deployment
from mercato_composition.deployment.remotes import Remote
from mercato_composition.deployment.statements import ValuePath
from mercato_composition.deployment.tables import Root
from mercato_composition.features.installed import installed_features
from mercato_composition.features.plan import Plan, compose
from mercato_composition.report.settings import SECTIONS, fields_of, remote_paths
from mercato_kit import settings
from mercato_kit.settings import Secret, Settings

_HEAD = """\
# A deployment of Mercato: which features are on, and how they are set.
#
# A line that starts with "#" and no space shows a default: remove the "#" to change it.
# The variable named above a setting overrides it. Secrets belong in the environment only.
environment = "development"
"""

_TABLES = {
    "capabilities": "Which provider answers a contract that two offer; of many, which, in order.",
    "decorators": "Which features decorate a contract, outermost first.",
    "accept": "Dangers that production may run with: the reason, by rule.",
    "remote.CONTRACT.PROVIDER": "How long a remote provider may take, and what happens then.",
}
"""Tables without settings of their own, and what they are for."""

_WIDTH = 98

_NOTHING: Mapping[str, Any] = {}


def write_example() -> str:
    """Return a deployment file with every installed feature that fits, for development."""
    found = _plan_of_all_that_fit()
    lines = [_HEAD, *_fields((), Root)]
    for path, kind in SECTIONS.items():
        if path:
            # A first deployment needs neither Redis nor an index.
            off = "" if path[0] in ("database", "server") else "#"
            lines += ["", f"{off}[{path[0]}]", *_fields(path, kind, off=bool(off))]
    for table, meaning in _TABLES.items():
        lines += ["", f"#[{table}]", *_prose(meaning)]
    for path in remote_paths(found):
        lines += ["", f"#[{'.'.join(path)}]", *_fields(path, Remote, off=True)]
    for feature in sorted(found.features, key=lambda one: one.name):
        own = feature.manifest.settings
        lines += ["", *_prose(feature.manifest.summary), f"[features.{feature.name}]"]
        instead = {"package": feature.distribution}
        lines += _fields(("features", feature.name), Choice, instead=instead)
        if own is not None:
            path = ("features", feature.name, "settings")
            lines += ["", f"[{'.'.join(path)}]", *_fields(path, own)]
    for name, reason in sorted(found.left_out.items()):
        lines += ["", *_prose(f"Left out: {reason}"), f"#[features.{name}]"]
    return "\n".join([*lines, ""])


def _plan_of_all_that_fit() -> Plan:
    """Plan every installed feature, with placeholders for required settings."""
    # A feature that does not fit with the others is left out: none is required.
    tables: dict[str, dict[str, Any]] = {name: {"required": False} for name in installed_features()}
    values = {"environment": "testing", "features": tables}
    found = compose(read_deployment(values))
    for feature in [*found.features, *found.absent]:
        if feature.manifest.settings is not None:
            tables[feature.name]["settings"] = _required(feature.manifest.settings)
    # Of two features that clash the later one is left out, so that with more required settings
    # comes later.
    fewest_first = sorted(tables.items(), key=lambda item: len(item[1].get("settings", ())))
    return compose(read_deployment({**values, "features": dict(fewest_first)}))


def _required(kind: type[Settings]) -> dict[str, Any]:
    return {field.name: _placeholder(field) for field in fields_of(kind) if field.required}


def _fields(
    path: ValuePath,
    kind: type[Settings],
    *,
    off: bool = False,
    instead: Mapping[str, Any] = _NOTHING,
) -> Iterator[str]:
    """Give the lines of a table's fields.

    Args:
        path: The table.
        kind: Its class.
        off: Whether the whole table is commented out, its required settings included.
        instead: Values to show instead of defaults.
    """
    for field in fields_of(kind):
        if field.name == "environment" and not path:
            # The head of the file sets it.
            continue
        meaning = settings.meaning_of(field) or field.name.replace("_", " ")
        variable = variable_of(*path, field.name)
        if settings.is_secret(field) and not field.required:
            yield from _prose(f"{meaning}: secret; {variable} or {variable}_FILE")
            continue
        yield from _prose(f"{meaning}: {settings.kind_of(field)}; {variable}")
        value = instead.get(field.name, settings.default_of(field))
        value = _placeholder(field) if value is None else value
        mark = "" if field.required and not off else "#"
        yield f"{mark}{field.name} = {_literal(value)}"


def _placeholder(field: msgspec.structs.FieldInfo) -> Any:
    example = example_of(field)
    return "change me" if example is None else example


def _literal(value: Any) -> str:
    if isinstance(value, Secret):
        value = value.reveal()
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)


def _prose(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ")
