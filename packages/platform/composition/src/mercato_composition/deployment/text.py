"""Read the text of a TOML file as far as it can be read, with the place of each key and value."""

import codecs
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

ValuePath = tuple[str, ...]
"""The tables and the key of a value: ``("features", "reviews", "settings", "per_page")``."""

MOST_FLAWS = 50
"""Flaws of one text that are reported."""

_ENCODINGS = {
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    "cp1252": "Windows-1252",
}

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_DOTTED = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_KEY = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=[ \t]*")
_HEADER = re.compile(rf"[ \t]*\[+[ \t]*({_DOTTED})[^\w\"'.-]*$")
_BEGINS = re.compile(rf"^[ \t]*(?:\[[^\[\]\n]+\]+[ \t\r]*(?:#.*)?$|{_DOTTED}[ \t]*=)", re.MULTILINE)
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")
_TOKEN = re.compile(
    r"""
    \"{3} (?: \\. | [^\\] )*? \"{3,5} | '{3} .*? '{3,5}
    | "(?: \\. | [^"\\\n] )*" | '[^'\n]*'
    | \#[^\n]* | .
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of one line. Line and columns count from 1; ``end_column`` is behind its end."""

    line: int
    column: int
    end_column: int


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


@dataclass(frozen=True, slots=True)
class _Statement:
    """A header, or a key with its value, and the line that it starts in."""

    text: str
    line: int
    says: Mapping[str, Any] | None
    error: str = ""

    @property
    def is_header(self) -> bool:
        return self.text.lstrip().startswith("[")


def read(content: bytes) -> Text:
    """Read the *content* of a TOML file; what cannot be read is left out, and is a flaw."""
    decoded, flaws = _decode(content)
    try:
        values = tomllib.loads(decoded)
    except (RecursionError, ValueError) as error:
        # tomllib raises other errors than its own for deep lists and for very long numbers.
        values, reason = {}, _reason(error)
    else:
        reason = ""
    text = Text(decoded.split("\n"))
    _Reading(text).read(_statements(decoded))
    if not reason:
        return replace(text, values=values, flaws=flaws)
    # Without others, a table is extended where TOML does not allow it.
    found = text.flaws or [
        Flaw("value", (), _PLACE.sub("", reason), _place_in(reason, decoded, 1), known=False)
    ]
    return replace(text, flaws=[*flaws, *found])


def _decode(content: bytes) -> tuple[str, list[Flaw]]:
    """Decode a text: UTF-8, else what an editor on Windows may have written."""
    encoding = _encoding_of(content)
    try:
        decoded = content.decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp1252" if encoding == "utf-8-sig" else encoding
        decoded = content.decode(encoding, "replace")
    if encoding == "utf-8-sig":
        return decoded, []
    what = f"it is not UTF-8 text; it was read as {_ENCODINGS[encoding]}"
    return decoded, [Flaw("encoding", (), what, Span(1, 1, 1))]


def _encoding_of(content: bytes) -> str:
    """Return the encoding of a text by its first bytes."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # A file begins with an ASCII character, and UTF-16 has a NUL beside it.
    if content[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if content[:1] == b"\0" else "utf-8-sig"


def _statements(text: str) -> Iterator[_Statement]:
    """Cut a text into statements: lines, joined while a string, list or table is open.

    What cannot be read as a whole ends before the next line that looks like a statement.
    """
    start, line = 0, 1
    while start < len(text):
        end = _end_of(text, start)
        statement = _parse(text[start:end], line)
        second = text.find("\n", start, end) + 1 or end
        if statement.says is None and (begins := _BEGINS.search(text, second, end)):
            end = begins.start()
            statement = _parse(text[start:end], line)
        if statement.text.strip() and not statement.text.lstrip().startswith("#"):
            yield statement
        line += text.count("\n", start, end)
        start = end


def _end_of(text: str, start: int) -> int:
    """Return the end of the line in which no string, list or table is open any more."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if token[0] in {"[", "{"}:
            depth += 1
        elif token[0] in {"]", "}"}:
            depth -= 1
        elif token[0] == "\n" and depth <= 0:
            return token.end()
    return len(text)


def _parse(text: str, line: int) -> _Statement:
    try:
        return _Statement(text, line, tomllib.loads(text))
    except (RecursionError, ValueError) as error:
        return _Statement(text, line, None, _reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, tomllib.TOMLDecodeError):
        return str(error)
    if isinstance(error, RecursionError):
        return "Its tables and lists are nested too deep"
    return "A value in it is out of range, such as a number with too many digits"


class _Reading:
    """One pass over the statements of a text."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.table: ValuePath | None = ()
        """The table that keys belong to; None below a header that cannot be read."""

    def read(self, statements: Iterator[_Statement]) -> None:
        for statement in statements:
            if len(self.text.flaws) >= MOST_FLAWS:
                return
            if statement.says is None:
                self._flawed(statement)
            elif statement.is_header:
                self._header(statement, _path_of(statement.says))
            elif self.table is not None:
                self._value(statement, self.table)

    def _header(self, statement: _Statement, path: ValuePath) -> None:
        self.table = path
        span = _span(statement, 0, len(statement.text.split("#")[0].rstrip()))
        first = self.text.keys.setdefault(path, span)
        is_list = statement.text.lstrip().startswith("[[")
        if not _put(self.text.values, path, None):
            self.table = None
            self._twice(path, span, first)
        elif first != span and not is_list:
            self._twice(path, span, first)

    def _value(self, statement: _Statement, table: ValuePath) -> None:
        match = _KEY.match(statement.text)
        if match is None or statement.says is None:
            return
        own = _path_of(tomllib.loads(f"{match[1]} = 0"))
        path = (*table, *own)
        key = _span(statement, match.start(1), match.end(1))
        first = self.text.keys.setdefault(path, key)
        value: Any = statement.says
        for part in own:
            value = value[part]
        if first != key or not _put(self.text.values, path, value):
            self._twice(path, key, first)
            return
        self.text.spans[path] = _span(statement, match.end(), _end_of_value(statement, match.end()))

    def _twice(self, path: ValuePath, span: Span, first: Span) -> None:
        what = f"{'.'.join(path)} appears twice: in line {first.line} and in line {span.line}"
        self.text.flaws.append(Flaw("twice", path, what, span, first=first.line))

    def _flawed(self, statement: _Statement) -> None:
        if not statement.is_header and self.table is None:
            return
        own = _own_path(statement)
        what = _PLACE.sub("", statement.error).rstrip(".")
        span = _place_in(statement.error, statement.text, statement.line)
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


def _path_of(says: Mapping[str, Any]) -> ValuePath:
    """Return the path in a document with one header, or one key."""
    path: list[str] = []
    inner: Any = says
    while isinstance(inner, dict) and inner:
        (name, inner), *_ = inner.items()
        path.append(name)
    return tuple(path)


def _own_path(statement: _Statement) -> ValuePath:
    """Return the table or the key of a statement that cannot be read; empty if it is unknown."""
    match = (_HEADER if statement.is_header else _KEY).match(statement.text.split("\n")[0].rstrip())
    try:
        return _path_of(tomllib.loads(f"{match[1]} = 0")) if match else ()
    except ValueError:
        return ()


def _end_of_value(statement: _Statement, start: int) -> int:
    """Return the end of what the first line of a statement says, without a comment."""
    end = start
    for token in _TOKEN.finditer(statement.text, start):
        if token[0].startswith(("\n", "#")):
            break
        end = token.end() if token[0].strip() else end
    return start + len(statement.text[start:end].split("\n")[0])


def _span(statement: _Statement, start: int, end: int) -> Span:
    # Blank lines and comments are statements of their own, so it starts in its first line.
    return Span(statement.line, start + 1, end + 1)


def _place_in(error: str, text: str, line: int) -> Span:
    """Return the place that tomllib names in *error*, of a text that starts in *line*."""
    match = _PLACE.search(error)
    if match is None:
        return Span(line, 1, 2)
    if match[1] is None:
        lines = text.rstrip("\n").split("\n")
        return Span(line + len(lines) - 1, len(lines[-1]) + 1, len(lines[-1]) + 2)
    column = int(match[2])
    return Span(line + int(match[1]) - 1, column, column + 1)
