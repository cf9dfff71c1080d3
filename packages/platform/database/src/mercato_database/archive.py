"""Write the data of a feature to a file of JSON lines, which can be read without its wheel.

The first line describes the file: ``archive`` (the format, 1), ``feature``, ``distribution``,
``version``, ``schema``, ``database``, ``made_at``, and ``tables`` with the types of their columns.
Each further line is a row (``table``, ``row``). The last line has the number of rows by table
(``rows``); a file without it is incomplete. Times, UUIDs and decimals are text, bytes are
``{"base64": "…"}``.
"""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from mercato_database.holdings import Holding
from mercato_kit import transactions
from mercato_kit.db import utc_now
from mercato_kit.files import private
from mercato_kit.progress import Advance

_BATCH = 500


def archive(
    engine: sa.Engine, holding: Holding, file: Path, advance: Advance = lambda rows: None
) -> dict[str, int]:
    """Write every row of a feature to *file*, from one snapshot of the database.

    The file appears under its name when it is complete. Only its owner can read it.

    Args:
        engine: The engine of the database.
        holding: The data of the feature.
        file: The file, which must not exist.
        advance: Called with the rows that were written since the last call.

    Returns:
        The number of rows by table.

    Raises:
        FileExistsError: The file exists; it is not changed.
    """
    if file.exists():
        raise FileExistsError(file)
    part = file.with_name(f"{file.name}.part")
    try:
        with (
            open(part, "w", encoding="utf-8", opener=private) as out,
            _snapshot(engine) as connection,
        ):
            counts = _write(connection, holding, out, advance)
            out.flush()
            os.fsync(out.fileno())
        # A hard link fails if the file has appeared meanwhile; a rename would replace it.
        file.hardlink_to(part)
    finally:
        part.unlink(missing_ok=True)
    return counts


def _snapshot(engine: sa.Engine) -> Any:
    """Return a connection whose transaction reads one snapshot."""
    if engine.dialect.name == "postgresql":
        return engine.connect().execution_options(isolation_level="REPEATABLE READ")
    with transactions.reading():
        connection = engine.connect()
        connection.begin()
    return connection


def _write(
    connection: sa.Connection, holding: Holding, out: IO[str], advance: Advance
) -> dict[str, int]:
    inspector = sa.inspect(connection)
    columns = {
        table: {column["name"]: str(column["type"]) for column in inspector.get_columns(table)}
        for table in holding.tables
    }
    entry = holding.entry
    head = {
        "archive": 1,
        "feature": holding.feature,
        "distribution": entry and entry.distribution,
        "version": entry and entry.wheel_version,
        "schema": holding.head,
        "database": connection.dialect.name,
        "made_at": utc_now().isoformat(),
        "tables": columns,
    }
    _line(out, head)
    counts = dict.fromkeys(holding.tables, 0)
    for table in holding.tables:
        for row in _rows(connection, table, columns[table]):
            _line(out, {"table": table, "row": row})
            counts[table] += 1
            advance(1)
    _line(out, {"rows": counts})
    return counts


def _rows(
    connection: sa.Connection, table: str, columns: dict[str, str]
) -> Iterator[dict[str, Any]]:
    query = sa.table(table, *(sa.column(name) for name in columns)).select()
    options = {"stream_results": True, "yield_per": _BATCH}
    for row in connection.execute(query, execution_options=options):
        yield dict(row._mapping)  # noqa: SLF001 - the public name of a row's columns


def _line(out: IO[str], document: dict[str, Any]) -> None:
    out.write(json.dumps(document, ensure_ascii=False, default=_plain) + "\n")


def _plain(value: object) -> object:
    if isinstance(value, (bytes, memoryview)):
        return {"base64": base64.b64encode(bytes(value)).decode()}
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat() if isoformat else value)
