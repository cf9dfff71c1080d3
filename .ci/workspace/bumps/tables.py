"""How the tables of two releases differ, for the databases that hold rows already.

A database is migrated before the new release starts, and other readers of it (reports, an older
release during a rollout) go on. So what they write must still be taken, and what they read must
still be there: the expand half of "expand and contract" (https://martinfowler.com/bliki/
ParallelChange.html) is minor, the contract half is major.
"""

import re
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from workspace.bumps.levels import Level
from workspace.bumps.levels import Reason

Table = Mapping[str, Any]

LAWS = {"unique": "unique key", "checks": "check", "foreign_keys": "foreign key"}
"""What rows must keep to, as the document and as people call it."""

_SIZED = re.compile(r"(VARCHAR|CHAR|NUMERIC|VARBIT)\((\d+)(?:, (\d+))?\)")
_UNLIMITED = ("TEXT", "VARCHAR")
_WHOLE_NUMBERS = ("SMALLINT", "INTEGER", "BIGINT")
_ONE_OF = re.compile(r"(.+ IN) \((.+)\)")


def compare_tables(before: Mapping[str, Table], after: Mapping[str, Table]) -> Iterator[Reason]:
    """Say how the tables of two documents differ, by their names."""
    for name in sorted(before.keys() - after.keys()):
        yield Reason(Level.MAJOR, "table", f"{name} is gone")
    for name in sorted(after.keys() - before.keys()):
        yield Reason(Level.MINOR, "table", f"{name} is new")
    for name in sorted(before.keys() & after.keys()):
        for level, what in compare_table(before[name], after[name]):
            yield Reason(level, "table", f"{name}: {what}")


def compare_table(old: Table, new: Table) -> Iterator[tuple[Level, str]]:
    """Say how one table differs."""
    yield from _columns(old["columns"], new["columns"])
    if old["primary_key"] != new["primary_key"]:
        columns = ", ".join(new["primary_key"])
        yield Level.MAJOR, f"the primary key is ({columns}) now"
    for key, kind in LAWS.items():
        yield from _laws(kind, old[key], new[key])
    yield from _indexes(old["indexes"], new["indexes"])


def _columns(old: Table, new: Table) -> Iterator[tuple[Level, str]]:
    for name in sorted(old.keys() - new.keys()):
        yield Level.MAJOR, f"column {name} is gone"
    for name in sorted(new.keys() - old.keys()):
        if new[name]["nullable"] or new[name]["default"] is not None:
            yield Level.MINOR, f"column {name} is new"
        else:
            yield Level.MAJOR, f"column {name} is new, not null, and has no server default"
    for name in sorted(old.keys() & new.keys()):
        for level, what in _column(old[name], new[name]):
            yield level, f"column {name} {what}"


def _column(old: Table, new: Table) -> Iterator[tuple[Level, str]]:
    if old["type"] != new["type"]:
        level = Level.MINOR if is_wider(old["type"], new["type"]) else Level.MAJOR
        yield level, f"was {old['type']}, is {new['type']}"
    if old["nullable"] and not new["nullable"]:
        yield Level.MAJOR, "cannot be null any more"
    if new["nullable"] and not old["nullable"]:
        yield Level.MINOR, "can be null now"
    if old["default"] != new["default"]:
        # Without a default, rows that do not name the column are refused where it is not null.
        is_lost = new["default"] is None and not new["nullable"]
        said = f"has the server default {new['default']} now; it was {old['default']}"
        yield (Level.MAJOR, "has no server default any more") if is_lost else (Level.PATCH, said)


def is_wider(old: str, new: str) -> bool:
    """Tell whether a type of PostgreSQL takes everything that another one does."""
    if old in _WHOLE_NUMBERS and new in _WHOLE_NUMBERS:
        return _WHOLE_NUMBERS.index(new) > _WHOLE_NUMBERS.index(old)
    was, becomes = _SIZED.fullmatch(old), _SIZED.fullmatch(new)
    if was and becomes:
        # Digits behind the point leave fewer before it.
        same = (was[1], was[3]) == (becomes[1], becomes[3])
        return same and int(becomes[2]) > int(was[2])
    is_text = old in _UNLIMITED or (was is not None and was[1] == "VARCHAR")
    return is_text and new in _UNLIMITED


def _laws(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[Level, str]]:
    """Compare what rows must keep to: a law more refuses rows that were taken."""
    gone = {name: one for name, one in old.items() if new.get(name) != one}
    more = {name: one for name, one in new.items() if old.get(name) != one}
    for name, one in sorted(more.items()):
        before = next((key for key in sorted(gone) if gone[key] == one), None)
        if before is not None:
            del gone[before]
            yield Level.PATCH, f"{kind} {before} is called {name} now"
        elif name in gone:
            level = Level.MINOR if allows_more(gone.pop(name), one) else Level.MAJOR
            yield level, f"{kind} {name} says something else now: {shown(one)}"
        else:
            yield Level.MAJOR, f"{kind} {name} is new: {shown(one)}"
    for name in sorted(gone):
        yield Level.MINOR, f"{kind} {name} is gone"


def allows_more(old: Any, new: Any) -> bool:
    """Tell whether a check is a list of words that has gained some."""
    matches = [_ONE_OF.fullmatch(one) if isinstance(one, str) else None for one in (old, new)]
    was, becomes = matches
    if was is None or becomes is None or was[1] != becomes[1]:
        return False
    return set(was[2].split(", ")) < set(becomes[2].split(", "))


def shown(law: Any) -> str:
    """Write a law in one line."""
    if isinstance(law, str):
        return law
    target = f" to {law['to']}" if "to" in law else ""
    where = f" where {law['where']}" if law.get("where") else ""
    return f"({', '.join(law['columns'])}){target}{where}"


def _indexes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[Level, str]]:
    """Compare indexes: those that are unique are laws, the others make things fast."""
    for kind, unique in (("unique index", True), ("index", False)):
        had, has = (
            {name: one for name, one in some.items() if one["unique"] is unique}
            for some in (old, new)
        )
        for level, what in _laws(kind, had, has):
            yield level if unique else min(level, Level.MINOR), what
