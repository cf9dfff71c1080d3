"""Query plans of the statements that an app sends."""

from typing import Any, Self

import sqlalchemy as sa

from mercato_kit.driver import watchers_of


class Plans:
    """Records the statements of an engine, and explains how the database runs them."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._sent: dict[str, Any] = {}

    def __enter__(self) -> Self:
        sa.event.listen(self._engine, "before_cursor_execute", self._record)
        watchers_of(self._engine).append(self._record_text)
        return self

    def __exit__(self, *exception: object) -> None:
        watchers_of(self._engine).remove(self._record_text)
        sa.event.remove(self._engine, "before_cursor_execute", self._record)

    def of_whole_tables(self) -> list[str]:
        """Return each step of a plan that reads a whole table, with its statement."""
        with self._engine.begin() as connection:
            explain = _of_sqlite if connection.dialect.name == "sqlite" else _of_postgresql
            return [
                f"{step}: {text}"
                for text, parameters in self._sent.items()
                for step in explain(connection, text, parameters)
                if _is_scan(step)
            ]

    def _record(
        self,
        _connection: sa.Connection,
        _cursor: Any,
        statement: str,
        parameters: Any,
        _context: Any,
        many: bool,  # noqa: FBT001 - the signature of SQLAlchemy's event
    ) -> None:
        self._record_text(statement, parameters[0] if many else parameters)

    def _record_text(self, statement: str, parameters: Any = None) -> None:
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            self._sent[statement] = parameters


def _of_sqlite(connection: sa.Connection, text: str, parameters: Any) -> list[str]:
    values = (None,) * text.count("?") if parameters is None else parameters
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
    return [row.detail for row in plan]


def _of_postgresql(connection: sa.Connection, text: str, parameters: Any) -> list[str]:
    # A small table is read whole, unless that is forbidden; then a scan has no index to use.
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    if parameters is not None:
        plan = connection.exec_driver_sql(f"EXPLAIN {text}", parameters)
        return [row[0] for row in plan]
    # The values are not known, so the plan is that for any.
    driver: Any = connection.connection.driver_connection
    driver.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    driver.execute(f"PREPARE explained AS {text}")
    known = "SELECT cardinality(parameter_types) FROM pg_prepared_statements"
    (number,) = driver.execute(known).fetchone()
    values = f"({', '.join(['NULL'] * number)})" if number else ""
    plan = driver.execute(f"EXPLAIN EXECUTE explained{values}").fetchall()
    driver.execute("DEALLOCATE explained")
    return [row[0] for row in plan]


def _is_scan(step: str) -> bool:
    tables = ("products_", "orders_", "kit_")
    return step.startswith(tuple(f"SCAN {table}" for table in tables)) or "Seq Scan on" in step
