"""Query plans of the statements that an app sends."""

from typing import Any, Self

import sqlalchemy as sa


class Plans:
    """Records the statements of an engine, and explains how the database runs them."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._sent: dict[str, Any] = {}

    def __enter__(self) -> Self:
        sa.event.listen(self._engine, "before_cursor_execute", self._record)
        return self

    def __exit__(self, *exception: object) -> None:
        sa.event.remove(self._engine, "before_cursor_execute", self._record)

    def of_whole_tables(self) -> list[str]:
        """Return each step of a plan that reads a whole table, with its statement."""
        with self._engine.begin() as connection:
            return [
                f"{step}: {statement}"
                for statement, parameters in self._sent.items()
                for step in self._explain(connection, statement, parameters)
                if _is_scan(step)
            ]

    def _explain(self, connection: sa.Connection, statement: str, parameters: Any) -> list[str]:
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return [row.detail for row in plan]
        # A small table is read whole, unless that is forbidden; then a scan has no index to use.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        return [row[0].strip() for row in plan]

    def _record(
        self,
        _connection: sa.Connection,
        _cursor: Any,
        statement: str,
        parameters: Any,
        _context: Any,
        many: bool,  # noqa: FBT001 - the signature of SQLAlchemy's event
    ) -> None:
        words = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
        if statement.lstrip().startswith(words):
            self._sent[statement] = parameters[0] if many else parameters


def _is_scan(step: str) -> bool:
    tables = ("products_", "orders_", "kit_")
    return step.startswith(tuple(f"SCAN {table}" for table in tables)) or "Seq Scan on" in step
