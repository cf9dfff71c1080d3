"""What ``mercato check`` asks about a shop that could run."""

from __future__ import annotations

import math
import resource
from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from mercato_composition.deployment import edits
from mercato_composition.faults import DeploymentError, Fault, Fix, Outside, Place
from mercato_database.checks import open_engine, require_migrated
from mercato_database.faults import unreachable
from mercato_kit import transactions
from mercato_kit.db import engine
from mercato_runtime.health import run_check
from mercato_runtime.limits import CONNECTIONS
from mercato_runtime.worker.stuck import stuck_deliveries

if TYPE_CHECKING:
    from mercato_composition.commands import Operation
    from mercato_composition.deployment.draft import Draft

_ALLOWED_CONNECTIONS = """
    SELECT current_setting('max_connections')::int
         - current_setting('superuser_reserved_connections')::int
"""

_OTHER_FILES = 200
"""Open files of a worker beside the connections of clients."""


def check_registration(operation: Operation) -> Iterator[Fault]:
    """Report features whose routes and schemas cannot be registered."""
    # Other commands need no app.
    from mercato_runtime.register import try_alone  # noqa: PLC0415

    for feature in operation.plan.features:
        yield from try_alone(feature)


def check_deliveries(operation: Operation) -> list[Fault]:
    """Report events that are not delivered. A database that cannot be asked has faults of its own.

    Events are looked for in the tables of this kit; where those are not there, K302 says so.
    """
    try:
        with transactions.reading(), operation.once(open_engine).connect() as connection:
            return stuck_deliveries(connection, operation.plan.features)
    except DBAPIError:
        return []


def check_connections(operation: Operation) -> Iterator[Fault]:
    """Compare the connections of all workers with what PostgreSQL allows."""
    draft, server = operation.draft, operation.draft.server
    if operation.database_url.get_backend_name() != "postgresql":
        return
    try:
        with operation.once(open_engine).connect() as connection:
            allowed = connection.scalar(sa.text(_ALLOWED_CONNECTIONS)) or 0
    except DBAPIError:
        # K207 says that it does not answer.
        return
    # The pool of a worker has a connection for each thread.
    wanted = server.machines * server.workers * server.threads
    if wanted > allowed:
        what = (
            f"{wanted} database connections may be used (machines * workers * threads), "
            f"and PostgreSQL allows {allowed}."
        )
        yield Fault(
            "K208",
            draft.source.origin("server", "workers"),
            what,
            (*_fewer(draft, allowed), Outside("raise max_connections of PostgreSQL", "choice")),
            severity="warning",
        )


def _fewer(draft: Draft, allowed: int) -> Iterator[Fix]:
    """Give the fixes that lower one of the factors so far that the product is *allowed*."""
    factors = {key: getattr(draft.server, key) for key in ("machines", "workers", "threads")}
    for key in ("workers", "threads"):
        others = math.prod(value for name, value in factors.items() if name != key)
        if fewer := allowed // others:
            yield edits.set_value(draft.source, ("server", key), fewer, "choice")


def check_open_files(operation: Operation) -> Iterator[Fault]:
    """Compare the connections of one worker with the open files that the system allows."""
    wanted = CONNECTIONS + _OTHER_FILES
    _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        what = f"a worker may open {wanted} files for connections, and the system allows {allowed}."
        fix = f"raise the limit: `ulimit -Hn {wanted}`, or LimitNOFILE={wanted} in systemd"
        name = operation.draft.source.name
        yield Fault("K208", Place(file=name), what, (Outside(fix),), severity="warning")


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
                    yield feature.fault(
                        "K207", f"{check.name}: {finding}", Outside(fix), severity="warning"
                    )


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
        return [unreachable(bind.url, error, operation.draft.source.origin("database", "url"))]
    finally:
        bind.dispose()
    if not lost:
        return []
    shown = ", ".join(f"{name} = {value}" for name, value in lost.items())
    what = f"transactions do not have the time limits and the time zone of Mercato: {shown}."
    fix = "call mercato_kit.transactions.prepare(engine) in the host, or correct the pooler"
    return [Fault("K313", Place(name="database"), what, (Outside(fix),))]
