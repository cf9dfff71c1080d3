"""What ``mercato check`` asks about a shop that could run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from mercato_composition.faults import DeploymentError, Fault
from mercato_database.checks import open_engine, require_migrated
from mercato_database.faults import unreachable
from mercato_kit import transactions
from mercato_kit.db import engine
from mercato_runtime.health import run_check
from mercato_runtime.worker.stuck import stuck_deliveries

if TYPE_CHECKING:
    from mercato_composition.commands import Operation


def check_deliveries(operation: Operation) -> list[Fault]:
    """Report events that are not delivered. A database that cannot be asked has faults of its own.

    Events are looked for in the tables of this kit; where those are not there, K302 says so.
    """
    try:
        with transactions.reading(), operation.once(open_engine).connect() as connection:
            return stuck_deliveries(connection, operation.plan.features)
    except DBAPIError:
        return []


def check_health(operation: Operation) -> Iterator[Fault]:
    """Run the health checks that are not required: those of servers outside the deployment.

    Where the deployment cannot be started, nothing is asked: a check may read tables.
    """
    try:
        require_migrated(operation)
        app = operation.app
    except DeploymentError:
        return
    with app.app_context():
        for feature in operation.plan.features:
            for check in feature.manifest.health:
                if not check.required and (finding := run_check(check)) is not None:
                    fix = f"start it, or correct [features.{feature.name}.settings]"
                    fault = feature.fault("K207", f"{check.name}: {finding}", fix)
                    yield replace(fault, severity="warning")


def check_transactions(operation: Operation) -> list[Fault]:
    """Report time limits that a transaction on the app's own connection does not have (K313)."""
    try:
        app = operation.app
    except DeploymentError:
        # Its faults are reported where plan and app are checked.
        return []
    with app.app_context():
        bind = engine()
    try:
        lost = transactions.lost_settings(bind)
    except DBAPIError as error:
        return [unreachable(bind.url, error)]
    finally:
        bind.dispose()
    if not lost:
        return []
    shown = ", ".join(f"{name} = {value}" for name, value in lost.items())
    what = f"transactions do not have the time limits and the time zone of Mercato: {shown}."
    fix = "call mercato_kit.transactions.prepare(engine) in the host, or correct the pooler"
    return [Fault("K313", "database", what, fix)]
