"""The SQL of an app, recorded, and sent once more by the bare driver: what is left without us."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Self

import psycopg
import sqlalchemy as sa


@dataclass
class Unit:
    """One unit of work: its statements, as the driver got them."""

    statements: list[tuple[str, Any]] = field(default_factory=list)

    def send(self, cursor: Any) -> None:
        """Send the statements and fetch every row, as the app did."""
        for statement, parameters in self.statements:
            # A list has many rows; those that SQLAlchemy puts into one INSERT are no list.
            if isinstance(parameters, list):
                cursor.executemany(statement, parameters)
            else:
                cursor.execute(statement, parameters)
            if cursor.description is not None:
                cursor.fetchall()


class Recorder:
    """Records what an engine sends while it is open, a unit for each transaction that commits."""

    def __init__(self, engine: sa.Engine) -> None:
        self.units: list[Unit] = []
        self._open = Unit()
        self._engine = engine
        self._listeners: dict[str, Callable[..., None]] = {
            "before_cursor_execute": self._record,
            "commit": self._commit,
            "rollback": self._rollback,
        }

    def __enter__(self) -> Self:
        for name, listener in self._listeners.items():
            sa.event.listen(self._engine, name, listener)
        return self

    def __exit__(self, *exception: object) -> None:
        for name, listener in self._listeners.items():
            sa.event.remove(self._engine, name, listener)

    def _commit(self, _connection: sa.Connection) -> None:
        self.units.append(self._open)
        self._open = Unit()

    def _rollback(self, _connection: sa.Connection) -> None:
        self._open = Unit()

    def _record(
        self,
        _connection: sa.Connection,
        _cursor: Any,
        statement: str,
        parameters: Any,
        *_: Any,
    ) -> None:
        self._open.statements.append((statement, parameters))


def replay(
    url: str, units: Sequence[Unit], timed: Callable[[Sequence[Callable[[], object]]], Any]
) -> Any:
    """Send recorded units through one connection of the bare driver, each in a transaction.

    Args:
        url: A copy of the database as it was before they were recorded.
        units: What to send.
        timed: Is given a step for each unit, and runs them.

    Returns:
        What *timed* returns.
    """
    with closing(_connect(sa.make_url(url))) as connection:
        cursor = connection.cursor()

        def step(unit: Unit) -> Callable[[], object]:
            def send() -> None:
                unit.send(cursor)
                connection.commit()

            return send

        return timed([step(unit) for unit in units])


def _connect(url: sa.URL) -> Any:
    if url.get_backend_name() == "postgresql":
        plain = url.set(drivername="postgresql")
        return psycopg.connect(plain.render_as_string(hide_password=False))
    connection = sqlite3.connect(str(url.database), isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
