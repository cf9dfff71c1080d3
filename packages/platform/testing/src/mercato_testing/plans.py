"""Explain the SQL statements that code sends."""

import re
from collections.abc import Callable
from typing import Any, Self

import sqlalchemy as sa

from mercato_kit import transactions
from mercato_kit.db import session
from mercato_kit.driver import watchers_of

_EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
_SCAN = re.compile(r"Seq Scan|SCAN (?!.*USING|.*VIRTUAL|CONSTANT|json_each|found|anon_|\(sub)")
# Sorts of the few parts of one row are deeper in the plan.
_SORT = re.compile(r"^Limit .*\n +-> +(Incremental )?Sort|^USE TEMP B-TREE", re.MULTILINE)


class Plans:
    """Explains the statements that an engine sends while it is open.

    On PostgreSQL without sequential scans and sorts where there is another way: tables of a test
    are so small that those are cheaper::

        with Plans(engine) as sent:
            client.get("/v1/orders")

        assert sent.scans() == []

    Attributes:
        plans: Each statement with its plan.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.plans: list[str] = []
        self._engine = engine
        self._sent: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._sent = {}
        sa.event.listen(self._engine, "before_cursor_execute", self._execute)
        watchers_of(self._engine).append(self._record)
        return self

    def __exit__(self, *exception: object) -> None:
        watchers_of(self._engine).remove(self._record)
        sa.event.remove(self._engine, "before_cursor_execute", self._execute)
        with transactions.reading(), self._engine.connect() as connection:
            explain = _of_sqlite if connection.dialect.name == "sqlite" else _of_postgresql
            self.plans = [
                "\n".join([text, *explain(connection, text, parameters)])
                for text, parameters in self._sent.items()
            ]

    def scans(self) -> list[str]:
        """Return the plans that read a whole table."""
        return [plan for plan in self.plans if _SCAN.search(plan)]

    def sorts(self) -> list[str]:
        """Return the plans that sort rows before they are limited."""
        return [plan for plan in self.plans if _SORT.search(plan)]

    def _execute(
        self,
        _connection: sa.Connection,
        _cursor: Any,
        statement: str,
        parameters: Any,
        _context: Any,
        many: bool,  # noqa: FBT001 - the signature of SQLAlchemy's event
    ) -> None:
        self._record(statement, parameters[0] if many else parameters)

    def _record(self, statement: str, parameters: Any = None) -> None:
        if statement.lstrip().startswith(_EXPLAINED):
            self._sent[statement] = parameters


def rows_scanned(call: Callable[[], object], *tables: str) -> int:
    """Return how many rows *call* reads of whole tables, in the current transaction.

    On PostgreSQL alone, with the plans that it chooses for these tables as they are: fill them with
    some thousand rows and send ``ANALYZE`` before.

    Args:
        call: The call.
        tables: The names of the tables.
    """
    # It also has what the transactions just before have read.
    counted = sa.text(
        "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables"
        " WHERE relname = ANY(:tables)"
    ).bindparams(tables=list(tables))
    before = session.scalar(counted)
    call()
    session.flush()
    return int(session.scalar(counted) - before)


def _of_sqlite(connection: sa.Connection, statement: str, parameters: Any) -> list[str]:
    values = (None,) * statement.count("?") if parameters is None else parameters
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    return [f"{'  ' if parent else ''}{detail}" for _, parent, _, detail in rows]


def _of_postgresql(connection: sa.Connection, statement: str, parameters: Any) -> list[str]:
    """Return the plan; without parameters, the one for any."""
    for setting in ("enable_seqscan", "enable_sort"):
        connection.exec_driver_sql(f"SET LOCAL {setting} = off")
    kind = "EXPLAIN (GENERIC_PLAN)" if parameters is None else "EXPLAIN"
    driver: Any = connection.connection.driver_connection
    return [str(row[0]) for row in driver.execute(f"{kind} {statement}", parameters)]
