"""What the SQL guard costs: nanoseconds a statement, and per cent of a request.

The features are copies of one that ``mercato new`` makes. The guard is asked again and again from
inside of real requests, on the stack that a statement has there. The same requests without a guard
say what a request costs; the bare driver's ``SELECT 1`` says how fast the machine is.
"""

import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time_ns
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from flask import Flask
from parts import gizmos
from parts.fakes import FAKES
from parts.tables import say, show

from mercato_composition.deployment.reader import read_deployment
from mercato_database.runner import upgrade
from mercato_host import create_app
from mercato_kit.composition import current_composition
from mercato_kit.db import engine
from mercato_kit.principals import Principal
from mercato_runtime.guard import SqlGuard
from mercato_testing.client import Client

FEATURES = 10
ASKED = 100
"""How often the guard is asked about each statement."""
REQUESTS, RUNS = 100, 7


@dataclass
class Asked:
    """What the guard took in some requests.

    Args:
        statements: How many it was asked about.
        ns: CPU nanoseconds, as if it had been asked once about each.
    """

    statements: int = 0
    ns: float = 0.0


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as place:
        app, guard = make_app(Path(place))
        with app.app_context():
            bind = engine()
        bare = measure_driver()
        rows = [_row(what, send, bind, guard, bare) for what, send in requests_to(app).items()]
    head = ("request", "statements", "CPU us", "guard us", "per cent", "ns each", "x SELECT 1")
    show(f"the SQL guard, with {FEATURES} features on SQLite", head, rows)
    say(f"\n  SELECT 1 by the bare driver: {bare:.0f} ns")
    measure_first_sight(guard)


def make_app(place: Path) -> tuple[Flask, SqlGuard]:
    """Make an app without a guard, and the guard that it would have."""
    sys.path.insert(0, str(place))
    names = gizmos.install(place, FEATURES)
    url = f"sqlite:///{place}/shop.db"
    values = {
        "environment": "testing",
        "database": {"url": url, "sql_guard": False},
        "features": {name: {} for name in names},
    }
    app = create_app(read_deployment(values), features=[FAKES])
    with app.app_context():
        upgrade(url, current_composition().features)
    app.test_client_class = Client
    return app, SqlGuard(app.extensions["mercato_plan"].features)


def requests_to(app: Flask) -> Mapping[str, Callable[[], None]]:
    """Return functions that send one request each."""
    client = app.test_client()
    name = gizmos.name_of(1)
    url = f"/v1/{name}"
    client.principal = Principal(sub=uuid4())

    def send(method: str, path: str, **body: Any) -> Any:
        answer = client.open(path, method=method, **body)
        if answer.status_code not in (200, 201):
            raise RuntimeError(f"{method} {path}: {answer.text}")
        return answer.json

    def make() -> Any:
        # A customer can create one for each variant.
        new = {"variant_id": str(uuid4()), "text": "I would buy it again."}
        return send("POST", url, json=new)

    made = make()
    for _ in range(30):
        make()
    return {
        "GET one": lambda: send("GET", f"{url}/{made['id']}"),
        "GET list of 25": lambda: send("GET", url),
        "POST with a key": make,
    }


def measure_driver() -> float:
    """Return the CPU nanoseconds of the cheapest statement that there is."""
    connection = sqlite3.connect(":memory:")
    cost = _cpu_ns(lambda: connection.execute("SELECT 1").fetchone(), times=20_000)
    connection.close()
    return cost


def measure_first_sight(guard: SqlGuard) -> None:
    """Measure statements whose text the guard has not seen, or will not keep."""
    names = [f"{gizmos.name_of(number)}_gizmo" for number in range(1, 4)]
    columns = ", ".join(f"{name}.column_{number}" for name in names for number in range(8))
    tables = f"{names[0]} JOIN {names[1]} ON true JOIN {names[2]} ON true"
    words = ["SELECT", columns, "FROM", tables, "WHERE x ="]
    texts = [" ".join([*words, str(number)]) for number in range(5000)]
    unseen = iter(texts)

    def see() -> None:
        guard.check(None, None, next(unseen), None, None, False)  # type: ignore[arg-type] # noqa: FBT003

    say(
        f"  a text of {len(texts[0])} characters at first sight: "
        f"{_cpu_ns(see, times=600) / 1000:.0f} us; later it is remembered"
    )


def _row(
    what: str, send: Callable[[], None], engine: sa.Engine, guard: SqlGuard, bare: float
) -> tuple[str, ...]:
    request_ns = _cpu_ns(send, times=REQUESTS)
    with _asking(engine, guard) as asked:
        for _ in range(REQUESTS):
            send()
    guard_ns = asked.ns / REQUESTS
    each = asked.ns / asked.statements
    return (
        what,
        f"{asked.statements / REQUESTS:.0f}",
        f"{request_ns / 1000:.0f}",
        f"{guard_ns / 1000:.1f}",
        f"{100 * guard_ns / request_ns:.2f}",
        f"{each:.0f}",
        f"{each / bare:.2f}",
    )


@contextmanager
def _asking(engine: sa.Engine, guard: SqlGuard) -> Iterator[Asked]:
    """Ask *guard* about each statement of *engine*, many times over."""
    asked = Asked()

    def ask(*statement: Any) -> None:
        # The first time reads the text.
        guard.check(*statement)
        started = process_time_ns()
        for _ in range(ASKED):
            guard.check(*statement)
        asked.ns += (process_time_ns() - started) / ASKED
        asked.statements += 1

    sa.event.listen(engine, "before_cursor_execute", ask)
    yield asked
    sa.event.remove(engine, "before_cursor_execute", ask)


def _cpu_ns(step: Callable[[], Any], *, times: int) -> float:
    """Return the CPU nanoseconds of *step*: the median of some runs of *times* steps."""

    def run() -> float:
        started = process_time_ns()
        for _ in range(times):
            step()
        return (process_time_ns() - started) / times

    run()
    return median(run() for _ in range(RUNS))


if __name__ == "__main__":
    main()
