"""Metrics of the database connections that a process has open and uses."""

from typing import Any

import sqlalchemy as sa
from flask import Flask
from prometheus_client import CollectorRegistry, Gauge

from mercato_kit.db import engine

_EVENTS = {
    "connections_open": (("connect",), ("close", "detach")),
    "connections_in_use": (("checkout",), ("checkin",)),
}


def watch(app: Flask, registry: CollectorRegistry) -> None:
    """Count the connections of the pool of *app*; their sum over processes is a gauge each."""
    with app.app_context():
        pool = engine().pool
    for name, (up, down) in _EVENTS.items():
        gauge = Gauge(
            f"mercato_database_{name}",
            f"Database {name.replace('_', ' ')}",
            registry=registry,
            multiprocess_mode="livesum",
        )
        for event in up:
            sa.event.listen(pool, event, _changing(gauge, 1))
        for event in down:
            sa.event.listen(pool, event, _changing(gauge, -1))


def _changing(gauge: Gauge, by: int) -> Any:
    def change(*_: object) -> None:
        gauge.inc(by)

    return change
