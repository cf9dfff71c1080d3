"""List every setting of a deployment: its value, type, meaning and origin."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from mercato_composition.deployment import tables as reading
from mercato_composition.deployment.draft import Draft
from mercato_composition.deployment.file import variable_of
from mercato_composition.deployment.model import Choice, Server
from mercato_composition.deployment.partial import Hole, known_or
from mercato_composition.deployment.remotes import Remote
from mercato_composition.deployment.sections import origin_of, read_section, table_at
from mercato_composition.deployment.statements import ValuePath
from mercato_composition.deployment.tables import Root
from mercato_composition.features.plan import Plan
from mercato_composition.features.relations import offers_by_contract
from mercato_kit import settings
from mercato_kit.settings import Secret, Settings

SECTIONS: dict[ValuePath, type[Settings]] = {
    (): Root,
    ("database",): reading.Database,
    ("server",): Server,
    ("redis",): reading.Redis,
    ("index",): reading.Index,
    ("logging",): reading.Logging,
    ("deploy",): reading.Deploy,
}
"""The host's own tables, in the order in which they are shown."""

HIDDEN = "***"

DEFAULT = "default"

# Limits keep the search linear.
_USERINFO = re.compile(r"(?<=://)[^\s/?#]{1,500}@")
_QUERY = re.compile(r"(://[^\s?\"'<>]{1,500})\?[^\s\"'<>]*")


@dataclass(frozen=True)
class Setting:
    """One setting.

    Args:
        path: The tables it is in, and its key.
        value: The value in force; a secret is hidden.
        kind: Its type and range; "unknown" if the feature could not be loaded.
        meaning: What it means, in a few words.
        origin: File and line, variable, or ``default``.
        variable: The environment variable that sets it.
    """

    path: ValuePath
    value: Any
    kind: str
    meaning: str
    origin: str
    variable: str

    @property
    def key(self) -> str:
        """The setting's name with its tables: ``server.port``."""
        return ".".join(self.path)


def settings_of(plan: Plan) -> Iterator[Setting]:
    """Give every setting of the host and of each feature.

    Of a feature that could not be loaded, the settings that the operator gave are listed. All
    their values are hidden, since any of them may be a secret.
    """
    draft = plan.draft
    for path, kind in SECTIONS.items():
        yield from _section(draft, path, kind)
    yield from _names(draft, "capabilities", "who answers {}; of many, in which order")
    yield from _names(draft, "decorators", "which features decorate {}, outermost first")
    for path in remote_paths(plan):
        yield from _section(draft, path, Remote)
    for rule, reason in sorted(known_or(draft.accept, {}).items()):
        meaning = f"why production may do what the rule {rule} refuses"
        origin = draft.source.key("accept", rule).in_short
        yield Setting(("accept", rule), reason, "str", meaning, origin, "")
    known = {one.name: one.manifest.settings for one in [*plan.features, *plan.absent]}
    for name in draft.features:
        yield from _section(draft, ("features", name), Choice)
        path = ("features", name, "settings")
        own = known.get(name)
        if own is not None:
            yield from _section(draft, path, own)
        elif name not in known:
            yield from _unknown(draft, path)


def fields_of(kind: type[Settings]) -> Iterable[msgspec.structs.FieldInfo]:
    """Return the fields that hold a value. Fields that hold tables are listed separately."""
    of_tables = {Root: _tables_of_root(), Choice: {"settings"}}.get(kind, set())
    return [field for field in msgspec.structs.fields(kind) if field.name not in of_tables]


def remote_paths(plan: Plan) -> list[ValuePath]:
    """Return the tables of remote providers: those of the file, and those that it could have."""
    said = known_or(plan.draft.remote, {})
    paths = {("remote", id_, name) for id_, tables in said.items() for name in tables}
    for offers in offers_by_contract(plan.features).values():
        paths |= {("remote", one.offer.id, one.name) for one in offers if one.remote}
    return sorted(paths)


def _tables_of_root() -> set[str]:
    named = {"features", "capabilities", "decorators", "remote", "accept"}
    return named | {path[0] for path in SECTIONS if path}


def _names(draft: Draft, table: str, meaning: str) -> Iterator[Setting]:
    """Give what a table of names by contract says."""
    for id_, names in sorted(known_or(getattr(draft, table), {}).items()):
        kind = "str" if isinstance(names, str) else "list of str"
        origin = draft.source.origin(table, id_).in_short
        path = (table, id_)
        yield Setting(path, names, kind, meaning.format(id_), origin, variable_of(*path))


def _section(draft: Draft, path: ValuePath, kind: type[Settings]) -> Iterator[Setting]:
    given = table_at(draft.source, path)
    # An invalid value is shown as it was given.
    section, _ = read_section(kind, draft.source, path)
    for field in fields_of(kind):
        here = (*path, field.name)
        origin = origin_of(draft.source, *here)
        value = section.values[field.name]
        if isinstance(value, Hole):
            value = given.get(field.name)
        yield Setting(
            here,
            _shown(draft, here, value, field),
            settings.kind_of(field),
            settings.meaning_of(field),
            origin.in_short if origin else DEFAULT,
            variable_of(*here),
        )


def _shown(draft: Draft, path: ValuePath, value: Any, field: msgspec.structs.FieldInfo) -> Any:
    if path == ("database", "url"):
        # The query of the URL may contain a password as well.
        if isinstance(draft.database_url, Hole):
            return HIDDEN
        safe = draft.database_url.set(query={})
        return safe.render_as_string(hide_password=True)
    if value is not None and (settings.is_secret(field) or isinstance(value, Secret)):
        return HIDDEN
    return _without_credentials(msgspec.to_builtins(value, enc_hook=str))


def without_credentials(text: str) -> str:
    """Return *text* with userinfo and query of its URLs hidden: they may be passwords or tokens."""
    return _QUERY.sub(rf"\1?{HIDDEN}", _USERINFO.sub(f"{HIDDEN}@", text))


def _without_credentials(value: Any) -> Any:
    if isinstance(value, str):
        return without_credentials(value)
    if isinstance(value, list):
        return [_without_credentials(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_credentials(item) for key, item in value.items()}
    return value


def _unknown(draft: Draft, path: ValuePath) -> Iterator[Setting]:
    for key in table_at(draft.source, path):
        here = (*path, key)
        meaning = "the feature could not be loaded"
        origin = draft.source.origin(*here).in_short
        yield Setting(here, HIDDEN, "unknown", meaning, origin, variable_of(*here))
