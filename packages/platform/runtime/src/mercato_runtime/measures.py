"""What one request took: time and SQL statements, for its log line and the metrics."""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import Request

from mercato_kit.db import engine
from mercato_kit.driver import watchers_of
from mercato_runtime.app import App

_METHODS = frozenset("DELETE GET HEAD OPTIONS PATCH POST PUT".split())


@dataclass(slots=True)
class Measure:
    """Measures one request.

    Args:
        started_at: When its headers were read, in seconds of ``time.perf_counter()``.
        statements: The number of SQL statements sent; beginning and ending transactions is free.
    """

    started_at: float = field(default_factory=time.perf_counter)
    statements: int = 0

    @property
    def seconds(self) -> float:
        """The time since the start."""
        return time.perf_counter() - self.started_at


_current: ContextVar[Measure] = ContextVar("mercato_measure")


def init_app(app: App) -> None:
    """Measure each request of *app*; before all other hooks, so that theirs count too."""
    app.before_hooks.append(_start)
    with app.app_context():
        sa.event.listen(engine(), "before_cursor_execute", _count_executed)
        watchers_of(engine()).append(_count)


def current() -> Measure:
    """Return the measure of the current request."""
    # None was started if a hook before ours answered.
    return _current.get(None) or Measure()


def method(request: Request) -> str:
    """Return the request's method; ``other`` if HTTP does not define it."""
    # A client can send any name, and each would be a new label of the metrics.
    return request.method if request.method in _METHODS else "other"


def route(request: Request) -> str:
    """Return the rule that matched the request, such as ``/v1/orders/<uuid:order_id>``."""
    return request.url_rule.rule if request.url_rule else "none"


def _start(_: Request) -> None:
    _current.set(Measure())


def _count_executed(_connection: object, _cursor: object, statement: str, *_: object) -> None:
    _count(statement)


def _count(statement: str) -> None:
    measure = _current.get(None)
    # SQLite's BEGIN is a statement of ours; PostgreSQL's driver sends its own.
    if measure is not None and not statement.startswith("BEGIN"):
        measure.statements += 1
