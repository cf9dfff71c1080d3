"""Fixes that change one value of a deployment: an edit of the file, or a variable.

An edit is applied in memory and read again. It is proposed only if it changes that value alone.
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from mercato_composition.deployment import text as reading
from mercato_composition.deployment.file import Source, value_at, variable_of
from mercato_composition.deployment.statements import Span, ValuePath
from mercato_composition.deployment.text import Text
from mercato_composition.faults import Certainty, Command, Edit, Fix, Outside, Variable
from mercato_composition.faults.fixes import SED

_BARE = re.compile(r"[A-Za-z0-9_-]+")

_WORD = re.compile(r"[A-Za-z0-9_.-]+")
"""A key that is a word of its own, with quotes if dots are in it."""

_COMMENT = re.compile(r"[ \t]+#[^\"']*$")


def set_value(source: Source, path: ValuePath, value: Any, certainty: Certainty = "sure") -> Fix:
    """Return the fix that sets the value, or adds an empty table, at *path*.

    It is tried on the line of the value, then after the header of its table, then as a new table
    at the end of the file. A value that is from a variable is set there.

    Args:
        source: The merged file and environment.
        path: The tables and the key.
        value: A text, number, list or truth value; an empty mapping for a table.
        certainty: What it does for the fault.
    """
    if source.in_environment(*path):
        return Variable(variable_of(*path), _shell_text(value), certainty=certainty)
    text = _text_of(source)
    wanted = _with(text.values, path, value)
    ways = _ways_to_set(source, text, path, value)
    return _first(source, wanted, ways, certainty) or _said(source, path, value, certainty)


def remove(source: Source, path: ValuePath, certainty: Certainty = "sure") -> Fix:
    """Return the fix that removes the value or the table at *path*, or unsets its variable."""
    if source.in_environment(*path):
        return Variable(variable_of(*path), None, certainty=certainty)
    text = _text_of(source)
    wanted = _with(text.values, path, None)
    found = _first(source, wanted, _ways_to_remove(source, text, path), certainty)
    if found is None and wanted is not None:
        # A table that is left empty says as little as one that is not there.
        bare = _without_empty(wanted, path[:-1])
        found = _first(source, bare, _ways_to_remove(source, text, path), certainty)
    if found is not None:
        return found
    of_table = f"{_quoted(path[-1])} from {_table(path[:-1])} of"
    said = f"{_named(path)} from" if _named(path).startswith("[") else of_table
    return Outside(f"remove {said} {source.name}", certainty)


def rename(source: Source, path: ValuePath, name: str, certainty: Certainty = "sure") -> Fix:
    """Return the fix that writes *name* instead of the last part of *path*."""
    if source.in_environment(*path):
        new, old = variable_of(*path[:-1], name), variable_of(*path)
        return Variable(new, f'"${old}"', unset=old, certainty=certainty)
    text, right = _text_of(source), (*path[:-1], name)
    wanted = _with(_with(text.values, path, None) or {}, right, value_at(text.values, path))
    found = _first(source, wanted, _ways_to_rename(source, text, path, name), certainty)
    return found or _renamed_by_sed(source, text, path, name, wanted, certainty)


def quote(source: Source, path: ValuePath, dotted: str) -> Fix:
    """Return the fix that puts the key *dotted*, which TOML read as tables, in quotes."""
    key = (*path[:-1], *dotted.split("."))
    at = _text_of(source).keys.get(key)
    if at is not None and source.file is not None:
        script = f"{at.line}s/{dotted.replace('.', '[.]')}/{literal(dotted)}/"
        return Command(((*SED, script, str(source.file)),))
    return Outside(f"put the name in quotes: {literal(dotted)} = …")


def table_for_value(source: Source, path: ValuePath) -> Fix:
    """Return the fix of a value where a table is due: the value goes, and the table is added."""
    text = _text_of(source)
    wanted = _with(_with(text.values, path, None) or {}, path, {})
    header = f"[{_dotted(path)}]"
    if at := text.keys.get(path):
        last = len(text.lines)
        # Keys below would become those of the new table, so it is added behind them.
        rest = tuple(line for line in text.lines[at.line :] if not line.lstrip().startswith("#"))
        if not any(rest):
            way = Edit(str(source.file), "instead", (header,), at.line, last)
            return _first(source, wanted, [way], "sure") or remove(source, path)
    return remove(source, path)


def literal(value: Any) -> str:
    """Return a text, number, list or truth value as TOML."""
    return json.dumps(value, ensure_ascii=False)


def _text_of(source: Source) -> Text:
    return reading.read(source.text.encode())


def _first(
    source: Source, wanted: Mapping[str, Any] | None, ways: Iterable[Edit], certainty: Certainty
) -> Edit | None:
    """Return the first edit after which the file says what is *wanted*, and nothing else."""
    if source.file is None or wanted is None:
        return None
    flaws = len(_text_of(source).flaws)
    for way in ways:
        after = reading.read(way.apply(source.text).encode())
        if after.values == wanted and len(after.flaws) <= flaws:
            return Edit(way.file, way.how, way.lines, way.line, way.last, certainty)
    return None


def _ways_to_set(source: Source, text: Text, path: ValuePath, value: Any) -> Iterator[Edit]:
    *table, key = path
    file = str(source.file)
    if isinstance(value, Mapping):
        yield Edit(file, "end", (f"[{_dotted(path)}]",))
        return
    written = f"{_quoted(key)} = {literal(value)}"
    if at := text.keys.get(path):
        line = text.lines[at.line - 1]
        before, comment = line[: _value_column(line, at) - 1], _COMMENT.search(line)
        for end in (comment[0] if comment else "", ""):
            yield from _spans_of(
                Edit(file, "instead", (f"{before}{literal(value)}{end}".strip(),), at.line), text
            )
    if table and (header := text.keys.get(tuple(table))):
        yield Edit(file, "after", (written,), header.line)
    elif not table:
        lines = [one.line for path, one in text.keys.items() if len(path) == 1]
        keys = [line for line in lines if not text.lines[line - 1].lstrip().startswith("[")]
        yield Edit(file, "after", (written,), max(keys, default=0))
    if table:
        yield Edit(file, "end", (f"[{_dotted(table)}]", written))


def _ways_to_remove(source: Source, text: Text, path: ValuePath) -> Iterator[Edit]:
    lines = [at.line for key, at in text.keys.items() if key[: len(path)] == path]
    if lines:
        yield from _spans_of(Edit(str(source.file), "remove", (), min(lines)), text)


def _ways_to_rename(source: Source, text: Text, path: ValuePath, name: str) -> Iterator[Edit]:
    """Give the edit of a header. That of a key would show its value, which may be a secret."""
    at = text.keys.get(path)
    if at and text.lines[at.line - 1].lstrip().startswith("["):
        header = f"[{_dotted((*path[:-1], name))}]"
        yield Edit(str(source.file), "instead", (header,), at.line)


def _renamed_by_sed(
    source: Source,
    text: Text,
    path: ValuePath,
    name: str,
    wanted: Mapping[str, Any] | None,
    certainty: Certainty,
) -> Fix:
    """Rename a key, or several headers, without showing what else is on their lines."""
    old = path[-1]
    numbers = sorted({at.line for key, at in text.keys.items() if key[: len(path)] == path})
    lines = list(text.lines)
    # A key within an inline table, or below a renamed header, does not name it.
    named = [number for number in numbers if _names(lines[number - 1], old)]
    for number in named:
        lines[number - 1] = lines[number - 1].replace(old, name, 1)
    plain = _WORD.fullmatch(old) and _WORD.fullmatch(name)
    if (
        plain
        and source.file is not None
        and reading.read("\n".join(lines).encode()).values == wanted
    ):
        pattern = old.replace(".", "[.]")
        script = ";".join(f"{number}s/{pattern}/{name}/" for number in named)
        return Command(((*SED, script, str(source.file)),), certainty=certainty)
    right = (*path[:-1], name)
    return Outside(f"write {_named(right)} instead of {_named(path)} in {source.name}", certainty)


def _names(line: str, key: str) -> bool:
    word = rf"\b{re.escape(key)}\b"
    return re.match(rf"[ \t]*\[.*{word}|[^=]*{word}[^=]*=", line) is not None


def _spans_of(edit: Edit, text: Text) -> Iterator[Edit]:
    """Give the edit of one line, then of more lines: up to the next line that has a key."""
    starts = sorted({span.line for span in text.keys.values()} | {len(text.lines) + 1})
    later = [line for line in starts if line > edit.line]
    for last in (edit.line, *(line - 1 for line in later)):
        yield Edit(edit.file, edit.how, edit.lines, edit.line, last if last > edit.line else None)


def _value_column(line: str, key: Span) -> int:
    value = line[line.index("=", key.end_column - 1) + 1 :].lstrip()
    return len(line) - len(value) + 1


def _said(source: Source, path: ValuePath, value: Any, certainty: Certainty) -> Outside:
    if isinstance(value, Mapping):
        return Outside(f"add [{_dotted(path)}] to {source.name}", certainty)
    written = f"{_quoted(path[-1])} = {literal(value)}"
    return Outside(f"write {written} in {_table(path[:-1])} of {source.name}", certainty)


def _table(path: ValuePath) -> str:
    return f"[{_dotted(path)}]" if path else "the top"


def _named(path: ValuePath) -> str:
    return f"[{_dotted(path)}]" if path[:1] == ("features",) and len(path) == 2 else _dotted(path)


def _dotted(path: Iterable[str]) -> str:
    return ".".join(map(_quoted, path))


def _quoted(key: str) -> str:
    return key if _BARE.fullmatch(key) else literal(key)


def _shell_text(value: Any) -> str:
    value = literal(value) if isinstance(value, bool) else value
    return shlex.quote(",".join(map(str, value)) if isinstance(value, list) else str(value))


def _without_empty(values: Mapping[str, Any], path: ValuePath) -> Mapping[str, Any]:
    """Return *values* without the table at *path*, and those around it, if nothing is in them."""
    if not path or value_at(values, path):
        return values
    return _without_empty(_with(values, path, None) or values, path[:-1])


def _with(values: Mapping[str, Any], path: ValuePath, value: Any) -> dict[str, Any] | None:
    """Return a copy with the value at *path*, or without it if it is None."""
    copy = deepcopy(dict(values))
    place: Any = copy
    for part in path[:-1]:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            return None
    if value is None:
        place.pop(path[-1], None)
    elif isinstance(value, Mapping) and path[-1] in place and not value:
        return None
    else:
        place[path[-1]] = value
    return copy
