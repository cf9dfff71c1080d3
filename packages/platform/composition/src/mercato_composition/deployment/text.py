"""Read the text of a TOML file as far as it can be read, with the place of each key and value."""

import codecs
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from mercato_composition.deployment.statements import (
    KEY,
    PLACE,
    Span,
    Statement,
    ValuePath,
    end_of_value,
    own_path,
    path_of,
    place_in,
    reason_of,
    span_of,
    statements,
)

MOST_FLAWS = 50
"""Flaws of one text that are reported."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """A statement that cannot be read, or that comes a second time.

    Args:
        kind: ``encoding``: the text was decoded otherwise. ``header`` or ``value``: it is not
            valid TOML. ``twice``: the table or key is there already.
        path: The table or the key; the table that it stands in if the key cannot be read.
        what: What is wrong.
        span: Its place.
        known: Whether *path* is that of the statement itself.
        first: The line of the first one of two.
    """

    kind: Literal["encoding", "header", "value", "twice"]
    path: ValuePath
    what: str
    span: Span
    known: bool = True
    first: int = 0


@dataclass(frozen=True)
class Text:
    """What a text says.

    Args:
        lines: Its lines.
        values: Its tables and values, without the statements that have flaws.
        keys: The place of each header and key.
        spans: The place of each value.
        flaws: What could not be read.
    """

    lines: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    keys: dict[ValuePath, Span] = field(default_factory=dict)
    spans: dict[ValuePath, Span] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)


def read(content: bytes) -> Text:
    """Read the *content* of a TOML file; what cannot be read is left out, and is a flaw."""
    decoded, flaws = _decode(content)
    try:
        values = tomllib.loads(decoded)
    except (RecursionError, ValueError) as error:
        # tomllib raises other errors than its own for deep lists and for very long numbers.
        values, reason = {}, reason_of(error)
    else:
        reason = ""
    text = Text(decoded.split("\n"))
    _Reading(text).read(statements(decoded))
    if not reason:
        return replace(text, values=values, flaws=flaws)
    # Without others, a table is extended where TOML does not allow it.
    found = text.flaws or [
        Flaw("value", (), PLACE.sub("", reason), place_in(reason, decoded, 1), known=False)
    ]
    return replace(text, flaws=[*flaws, *found])


def _decode(content: bytes) -> tuple[str, list[Flaw]]:
    """Decode a text: UTF-8, else what an editor on Windows may have written."""
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        encoding, name = ("utf-16", "UTF-16") if is_utf_16 else ("cp1252", "Windows-1252")
    what = f"it is not UTF-8 text; it was read as {name}"
    return content.decode(encoding, "replace"), [Flaw("encoding", (), what, Span(1, 1, 1))]


class _Reading:
    """One pass over the statements of a text."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.table: ValuePath | None = ()
        """The table that keys belong to; None below a header that cannot be read."""

    def read(self, found: Iterable[Statement]) -> None:
        for statement in found:
            if len(self.text.flaws) >= MOST_FLAWS:
                return
            if statement.says is None:
                self._flawed(statement)
            elif statement.is_header:
                self._header(statement, path_of(statement.says))
            elif self.table is not None:
                self._value(statement, self.table)

    def _header(self, statement: Statement, path: ValuePath) -> None:
        self.table = path
        span = span_of(statement, 0, len(statement.text.split("#")[0].rstrip()))
        first = self.text.keys.setdefault(path, span)
        is_list = statement.text.lstrip().startswith("[[")
        if not _put(self.text.values, path, None):
            self.table = None
            self._twice(path, span, first)
        elif first != span and not is_list:
            self._twice(path, span, first)

    def _value(self, statement: Statement, table: ValuePath) -> None:
        match = KEY.match(statement.text)
        if match is None or statement.says is None:
            return
        own = path_of(tomllib.loads(f"{match[1]} = 0"))
        path = (*table, *own)
        key = span_of(statement, match.start(1), match.end(1))
        first = self.text.keys.setdefault(path, key)
        value: Any = statement.says
        for part in own:
            value = value[part]
        if first != key or not _put(self.text.values, path, value):
            self._twice(path, key, first)
            return
        self.text.spans[path] = span_of(
            statement, match.end(), end_of_value(statement, match.end())
        )

    def _twice(self, path: ValuePath, span: Span, first: Span) -> None:
        what = f"{'.'.join(path)} appears twice: in line {first.line} and in line {span.line}"
        self.text.flaws.append(Flaw("twice", path, what, span, first=first.line))

    def _flawed(self, statement: Statement) -> None:
        if not statement.is_header and self.table is None:
            return
        own = own_path(statement)
        what = PLACE.sub("", statement.error).rstrip(".")
        span = place_in(statement.error, statement.text, statement.line)
        if statement.is_header:
            self.table = None
            path = own or ("features",)
            self.text.flaws.append(Flaw("header", path, what, span, known=bool(own)))
        else:
            path = (*(self.table or ()), *own)
            self.text.flaws.append(Flaw("value", path, what, span, known=bool(own)))


def _put(values: dict[str, Any], path: ValuePath, value: Any) -> bool:
    """Set the value at *path*, or make a table if it is None; False if something is in its way."""
    *tables, key = path
    place: Any = values
    for table in tables:
        place = place.setdefault(table, {})
        if not isinstance(place, dict):
            return False
    if value is None:
        return isinstance(place.setdefault(key, {}), dict)
    if key in place:
        return False
    place[key] = value
    return True
