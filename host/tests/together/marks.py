"""Marks in what a shop holds of a person: they are planted in columns, and searched everywhere."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_database.runner import migration_engine
from mercato_kit.feature import Feature
from mercato_kit.keys import Sealed
from mercato_kit.privacy.personal_data import dotted, open_columns
from mercato_orders.timeline import NOTE

MARK = "zqmark"
"""Is in everything that the person leaves, in small letters as canonical forms are."""

_SHORTEST = len(MARK) + 5

SECRETS = ("_hash", "_key")
"""Columns that the code computes, by the end of their name: no words fit in."""


def planted_columns(features: Iterable[Feature]) -> Iterator[sa.Column[Any]]:
    """Give the columns that can hold a mark, and that an erasure empties or holds."""
    for feature in features:
        data = feature.personal_data
        kept = {} if data is None else {dotted(one): how for one, how in data.columns.items()}
        for column in open_columns(feature.metadata):
            how = kept.get(f"{column.table.name}.{column.name}", "erase")
            if how == "erase" and _takes_words(column):
                yield column


def plant(url: str, columns: Iterable[sa.Column[Any]], person: UUID) -> dict[str, str]:
    """Write a mark of its own into each column, in all rows of a person.

    Addresses stay as they are, because mails are sent to them.

    Returns:
        The marks by ``table.column``. A column without rows of the person has none.
    """
    marks: dict[str, str] = {}
    with migration_engine(url) as engine, engine.begin() as connection:
        for number, column in enumerate(columns):
            for mark in _plant(connection, column, f"{MARK}{number:03}", person):
                marks[f"{column.table.name}.{column.name}"] = mark
    return marks


def places(url: str) -> set[str]:
    """Return ``table.column`` of each value of a database that has the mark."""
    found = set()
    with migration_engine(url) as engine, engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            quoted = connection.dialect.identifier_preparer.quote(table)
            for row in connection.execute(
                sa.select(sa.text("*")).select_from(sa.text(quoted))
            ).mappings():
                found |= {f"{table}.{name}" for name, value in row.items() if _is_marked(value)}
    return found


def marked_files(folder: Path) -> list[str]:
    """Return the names of the files of a folder that have the mark."""
    return [file.name for file in sorted(folder.iterdir()) if MARK.encode() in file.read_bytes()]


def _takes_words(column: sa.Column[Any]) -> bool:
    length = getattr(column.type, "length", None)
    is_long = length is None or length >= _SHORTEST
    is_long &= not isinstance(column.type, Sealed)
    return is_long and not column.name.endswith(SECRETS) and not _is_vocabulary(column)


def _is_vocabulary(column: sa.Column[Any]) -> bool:
    checks = (one for one in column.table.constraints if isinstance(one, sa.CheckConstraint))
    return any(f"{column.name} IN (" in str(check.sqltext) for check in checks)


def _plant(
    connection: sa.Connection, column: sa.Column[Any], mark: str, person: UUID
) -> Iterator[str]:
    """Write a mark into a column, in the rows of a person; give the mark of each row."""
    table = column.table
    keys = list(table.primary_key.columns)
    rows = connection.execute(sa.select(*keys, column).where(*_of_person(table, person))).all()
    for number, (*key, value) in enumerate(rows):
        if isinstance(value, str) and "@" in value:
            yield value
            continue
        own = [name == part for name, part in zip(keys, key, strict=True)]
        planted = _with_mark(column, value, f"{mark}-{number}")
        connection.execute(table.update().where(*own).values({column: planted}))
        yield mark


def _of_person(table: sa.Table, person: UUID) -> Iterator[sa.ColumnElement[bool]]:
    """Give the condition that a row is the person's; other tables have rows of the person alone."""
    if table.name == "users_user":
        yield table.c.id == person
    if "user_id" in table.c:
        yield table.c.user_id == person
    if table.name == "orders_event":
        # Other entries have what the code writes into them: ids, numbers and amounts.
        yield table.c.type == NOTE


def _with_mark(column: sa.Column[Any], value: Any, mark: str) -> Any:
    if isinstance(value, list):
        return [mark]
    if isinstance(value, Mapping) or isinstance(column.type, sa.JSON):
        return {**(value or {}), "text": mark}
    return mark.encode() if isinstance(column.type, sa.LargeBinary) else mark


def _is_marked(value: Any) -> bool:
    text = value.decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
    return MARK in text.lower()
