"""Metrics of the database connections that a process has open and uses."""

from collections.abc import Callable
from itertools import product
from typing import Any

import sqlalchemy as sa
from flask import Flask
from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.pool import ConnectionPoolEntry

from mercato_kit.db import engine
from mercato_kit.reads import reader
from mercato_runtime.metrics.failures import LoggedOnce

_EVENTS = {
    "connections_open": (("connect",), ("close", "detach")),
    "connections_in_use": (("checkout",), ("checkin", "detach")),
}


def watch(app: Flask, registry: CollectorRegistry, failures: LoggedOnce) -> None:
    """Count the connections of the pools of *app*; their sum over processes is a gauge each."""
    with app.app_context():
        # SQLite has one pool for both.
        pools = {engine().pool, reader().engine.pool}
    for name, (up, down) in _EVENTS.items():
        gauge = Gauge(
            f"mercato_database_{name}",
            f"Database {name.replace('_', ' ')}",
            registry=registry,
            multiprocess_mode="livesum",
        )
        for pool, event in product(pools, up):
            sa.event.listen(pool, event, _changing(gauge, failures, name, is_counted=True))
        for pool, event in product(pools, down):
            sa.event.listen(pool, event, _changing(gauge, failures, name, is_counted=False))


def _changing(
    gauge: Gauge, failures: LoggedOnce, name: str, *, is_counted: bool
) -> Callable[..., None]:
    # A connection that does not answer is checked in without a checkout, so what is counted is
    # kept with the connection.
    def change(_: object, record: ConnectionPoolEntry, *__: Any) -> None:
        info = record.record_info
        if info is None or info.get(name, False) == is_counted:
            return
        with failures:
            gauge.inc(1 if is_counted else -1)
            info[name] = is_counted

    return change
