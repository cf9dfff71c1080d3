"""Count the SQL statements that code sends."""

import re
import threading
from collections.abc import Iterator
from typing import Any, Self

import sqlalchemy as sa

from mercato_kit.driver import watchers_of
from mercato_kit.leases import RENEWING_THREAD

# The limits of a transaction and SQLite's settings do not depend on the code under test.
_NOT_COUNTED = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK(?!\s+TO)|PRAGMA)\b", re.IGNORECASE)


class StatementCounter:
    """Records the SQL statements that an engine sends while it is open.

    One statement with many rows of parameters (``executemany``) counts once, and so does the read
    of a view. BEGIN, COMMIT, PRAGMA and ROLLBACK do not count; savepoints do. Nor do renewals of
    leases, which depend on the clock. ``str()`` of the counter lists the statements, so a failing
    test shows what was sent::

        with StatementCounter(engine) as sent:
            client.post("/v1/orders", json=order)

        assert len(sent) <= 14, sent

    Attributes:
        statements: The SQL texts in the order in which they were sent.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.statements: list[str] = []
        self._engine = engine

    def __enter__(self) -> Self:
        self.statements = []
        sa.event.listen(self._engine, "before_cursor_execute", self._execute)
        watchers_of(self._engine).append(self._record)
        return self

    def __exit__(self, *exception: object) -> None:
        sa.event.remove(self._engine, "before_cursor_execute", self._execute)
        watchers_of(self._engine).remove(self._record)

    def __len__(self) -> int:
        return len(self.statements)

    def __iter__(self) -> Iterator[str]:
        return iter(self.statements)

    def __str__(self) -> str:
        on_one_line = [" ".join(statement.split()) for statement in self.statements]
        lines = [f"{number:>3}. {text}" for number, text in enumerate(on_one_line, start=1)]
        return "\n".join([f"{len(self)} SQL statements:", *lines])

    def _execute(self, _connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        self._record(statement)

    def _record(self, statement: str) -> None:
        renews = threading.current_thread().name == RENEWING_THREAD
        if not renews and not _NOT_COUNTED.match(statement):
            self.statements.append(statement)
