"""CSV files of operators: a schema reads each row, and every mistake is reported by its line."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import marshmallow as ma

from mercato_kit.errors import FieldError

MOST_MISTAKES = 100
"""Mistakes of a file that are shown."""

Row = tuple[int, Any]
"""The number of the line that a row ends on, and what the schema made of it."""


class InvalidCsv(click.ClickException):
    """A file with mistakes. Its message has a line for each: ``rates.csv:3: ppm: Not a number.``"""

    def __init__(self, mistakes: Sequence[str]) -> None:
        omitted = len(mistakes) - MOST_MISTAKES
        more = [f"and {omitted} more mistakes"] if omitted > 0 else []
        super().__init__("\n".join([*mistakes[:MOST_MISTAKES], *more]))


def read_csv(
    path: Path,
    schema: ma.Schema,
    check: Callable[[Any], Iterable[FieldError]] = lambda _row: (),
) -> list[Row]:
    """Return the rows of a file, all or none.

    The first line names the columns, which are fields of *schema*. Cells are separated by commas or
    semicolons; empty ones are left out. The text is UTF-8.

    Args:
        path: The file.
        schema: Loads a row; numbers are text (:class:`mercato_kit.schemas.QuerySchema`).
        check: Finds what is wrong with a loaded row.

    Raises:
        InvalidCsv: It is no such file, or has mistakes; the message lists them.
    """
    rows: list[Row] = []
    mistakes: list[str] = []
    for line, cells in read_cells(path, schema):
        place = f"{path.name}:{line}"
        try:
            row = schema.load(cells)
        except ma.ValidationError as error:
            mistakes += [f"{place}: {mistake}" for mistake in mistakes_of(error.messages_dict)]
            continue
        mistakes += [f"{place}: {one.pointer.strip('/')}: {one.detail}" for one in check(row)]
        rows.append((line, row))
    if mistakes:
        raise InvalidCsv(mistakes)
    return rows


def to_csv(schema: ma.Schema, rows: Iterable[Mapping[str, Any]]) -> str:
    """Return *rows* in the format that :func:`read_csv` reads with *schema*; None is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*schema.load_fields], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_cells(path: Path, schema: ma.Schema) -> Iterator[tuple[int, dict[str, str]]]:
    """Return the cells of each row one after another, by column; empty ones are left out.

    Args:
        path: The file.
        schema: Has a field for each column.

    Returns:
        The number of the line that a row ends on, and its cells.

    Raises:
        InvalidCsv: The file is of another form; the message says what is wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = ";" if ";" in file.readline() else ","
            file.seek(0)
            reader = csv.DictReader(file, delimiter=delimiter, strict=True, restkey="")
            _check_columns(path, schema, reader.fieldnames or ())
            for row in reader:
                if "" in row:
                    raise InvalidCsv([f"{path.name}:{reader.line_num}: has more cells than line 1"])
                yield reader.line_num, {name: cell for name, cell in row.items() if cell}
    except UnicodeDecodeError as error:
        raise InvalidCsv([f"{path.name}: is not text in UTF-8"]) from error
    except csv.Error as error:
        raise InvalidCsv([f"{path.name}:{reader.reader.line_num}: {error}"]) from error


def _check_columns(path: Path, schema: ma.Schema, columns: Sequence[str]) -> None:
    fields = schema.load_fields
    required = [name for name, field in fields.items() if field.required]
    missing = [name for name in required if name not in columns]
    mistakes = [f"the column {name} is missing" for name in missing]
    for name in columns:
        if name not in fields:
            mistakes.append(f"{name!r} is not a column; these are: {', '.join(fields)}")
        elif list(columns).count(name) > 1:
            mistakes.append(f"there are several columns {name}")
    if mistakes:
        raise InvalidCsv([f"{path.name}:1: {mistake}" for mistake in dict.fromkeys(mistakes)])


def mistakes_of(messages: Mapping[Any, Any], above: str = "") -> Iterator[str]:
    """Return a line for each message of a :class:`marshmallow.ValidationError`."""
    for name, found in messages.items():
        place = f"{above}{name}"
        if isinstance(found, Mapping):
            yield from mistakes_of(found, f"{place}.")
        else:
            yield from (f"{place}: {message}" for message in found)
