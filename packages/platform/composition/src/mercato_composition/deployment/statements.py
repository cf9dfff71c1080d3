"""Cut the text of a TOML file into statements, and say where each key and value is."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ValuePath = tuple[str, ...]
"""The tables and the key of a value: ``("features", "reviews", "settings", "per_page")``."""

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_DOTTED = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
KEY = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=[ \t]*")
_HEADER = re.compile(rf"[ \t]*\[+[ \t]*({_DOTTED})[^\w\"'.-]*$")
_BEGINS = re.compile(rf"^[ \t]*(?:\[[^\[\]\n]+\]+[ \t\r]*(?:#.*)?$|{_DOTTED}[ \t]*=)", re.MULTILINE)
PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")
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
class Statement:
    """A header, or a key with its value.

    Args:
        text: Its lines.
        line: The line that it starts in.
        says: What it says; None if it is not valid TOML.
        error: What is wrong in it.
    """

    text: str
    line: int
    says: Mapping[str, Any] | None
    error: str = ""

    @property
    def is_header(self) -> bool:
        """Whether it is a header, such as ``[server]``."""
        return self.text.lstrip().startswith("[")


def statements(text: str) -> Iterator[Statement]:
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


def _parse(text: str, line: int) -> Statement:
    try:
        return Statement(text, line, tomllib.loads(text))
    except (RecursionError, ValueError) as error:
        return Statement(text, line, None, reason_of(error))


def reason_of(error: Exception) -> str:
    """Return what the error of a parser says."""
    if isinstance(error, tomllib.TOMLDecodeError):
        return str(error)
    if isinstance(error, RecursionError):
        return "Its tables and lists are nested too deep"
    return "A value in it is out of range, such as a number with too many digits"


def path_of(says: Mapping[str, Any]) -> ValuePath:
    """Return the path in a document with one header, or one key."""
    path: list[str] = []
    inner: Any = says
    while isinstance(inner, dict) and inner:
        (name, inner), *_ = inner.items()
        path.append(name)
    return tuple(path)


def own_path(statement: Statement) -> ValuePath:
    """Return the table or the key of a statement that cannot be read; empty if it is unknown."""
    match = (_HEADER if statement.is_header else KEY).match(statement.text.split("\n")[0].rstrip())
    try:
        return path_of(tomllib.loads(f"{match[1]} = 0")) if match else ()
    except ValueError:
        return ()


def end_of_value(statement: Statement, start: int) -> int:
    """Return the end of what the first line of a statement says, without a comment."""
    end = start
    for token in _TOKEN.finditer(statement.text, start):
        if token[0].startswith(("\n", "#")):
            break
        end = token.end() if token[0].strip() else end
    return start + len(statement.text[start:end].split("\n")[0])


def span_of(statement: Statement, start: int, end: int) -> Span:
    """Return the place of a part of a statement's first line."""
    # Blank lines and comments are statements of their own, so it starts in its first line.
    return Span(statement.line, start + 1, end + 1)


def place_in(error: str, text: str, line: int) -> Span:
    """Return the place that tomllib names in *error*, of a text that starts in *line*."""
    match = PLACE.search(error)
    if match is None:
        return Span(line, 1, 2)
    if match[1] is None:
        lines = text.split("\n")
        return Span(line + len(lines) - 1, len(lines[-1]) + 1, len(lines[-1]) + 2)
    column = int(match[2])
    return Span(line + int(match[1]) - 1, column, column + 1)
