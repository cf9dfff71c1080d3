"""Check the database of a deployment, for commands and for ``mercato check``."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from mercato_composition.deployment.partial import known_or
from mercato_composition.faults import DeploymentError, Fault, Place
from mercato_composition.features.checks.database import is_remote, superuser
from mercato_database.faults import DATABASE, lock_held, no_folder, pending_fault, unreachable
from mercato_database.history import History, current_revisions, histories
from mercato_database.holdings import unnamed_data
from mercato_database.locks import LockHeldError
from mercato_database.plan import read
from mercato_kit import transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mercato_composition.commands import Operation
    from mercato_composition.deployment.draft import Draft
    from mercato_composition.features.candidate import Candidate

_WHO = sa.text("SELECT current_user, current_setting('is_superuser')")


def check_database(operation: Operation) -> list[Fault]:
    """Report faults of the tables and of the login, and data of features that are not named."""
    engine, draft = operation.once(open_engine), operation.draft
    faults = operation.once(_table_faults)
    try:
        with transactions.reading(), engine.connect() as connection:
            unloaded = draft.features.keys() - {one.name for one in operation.plan.features}
            unnamed = list(unnamed_data(connection, draft.features, unloaded))
            found = [*faults, *_superuser(connection, draft), *unnamed]
            migrated = _migrated(connection, operation.plan.features)
    except DBAPIError:
        # K207 reports this.
        return faults
    with database_errors(operation):
        return [*found, *_drifted(operation.database_url, migrated)]


def _migrated(connection: sa.Connection, features: Sequence[Candidate]) -> list[History]:
    """Return the histories whose tables are at the newest revision: their models describe them."""
    known = histories(features)
    current = current_revisions(connection, [history.feature for history in known])
    return [it for it in known if it.feature in current and current[it.feature] == it.head]


def _drifted(url: sa.URL, known: Sequence[History]) -> Iterator[Fault]:
    # It imports Alembic.
    from mercato_database.drift import drift  # noqa: PLC0415

    for history in known:
        if (fault := drift(url, history)) is not None:
            yield fault


def require_migrated(operation: Operation) -> None:
    """Check that the features run on the tables as they are.

    Raises:
        DeploymentError: Migrations are pending, or the database does not answer.
    """
    faults = operation.once(_table_faults)
    if any(fault.severity == "error" for fault in faults):
        raise DeploymentError(faults)


def _table_faults(operation: Operation) -> list[Fault]:
    engine, place = operation.once(open_engine), operation.draft.source.origin("database", "url")
    return database_faults(engine, operation.plan.features, place)


def database_faults(
    engine: sa.Engine, features: Sequence[Candidate], place: Place = DATABASE
) -> list[Fault]:
    """Return the faults that keep *features* from working with a database.

    Args:
        engine: An engine for the database.
        features: The features in dependency order.
        place: Where the URL is from.
    """
    try:
        planned = read(engine, histories(features), contract=True)
    except DBAPIError as error:
        return [unreachable(engine.url, error, place)]
    explained = {fault.feature for fault in planned.faults}
    pending = [step for step in planned.steps if step.missing and step.feature not in explained]
    return [*planned.faults, *map(pending_fault, pending)]


@contextmanager
def database_errors(operation: Operation) -> Iterator[None]:
    """Raise the errors of the database, and of the migration lock, as faults.

    Raises:
        DeploymentError: The database does not answer (K207), or the lock is held (K306).
    """
    try:
        yield
    except LockHeldError as error:
        raise DeploymentError([lock_held(error)]) from error
    except DBAPIError as error:
        place = operation.draft.source.origin("database", "url")
        raise DeploymentError([unreachable(operation.database_url, error, place)]) from error


def open_engine(
    operation: Operation, make: Callable[[sa.URL], sa.Engine] | None = None
) -> sa.Engine:
    """Create an engine for a few queries; it is disposed of when the command ends.

    A SQLite file that does not exist counts as an empty database, and is not created.

    Args:
        operation: The operation with the deployment.
        make: What makes the engine; by default one with the timeouts of requests.
    """
    url = operation.database_url
    file = Path(url.database or "")
    if url.get_backend_name() == "sqlite" and not file.exists():
        if not file.parent.is_dir():
            raise DeploymentError([no_folder(file, operation.draft.source)])
        return sa.create_engine("sqlite://", poolclass=sa.pool.NullPool)
    engine = (make or _make_engine)(url)
    if context := click.get_current_context(silent=True):
        context.call_on_close(engine.dispose)
    return engine


def _superuser(connection: sa.Connection, draft: Draft) -> list[Fault]:
    """Report that production uses a superuser of another machine's PostgreSQL (K206)."""
    if draft.environment != "production" or not is_remote(connection.engine.url):
        return []
    name, is_superuser = connection.execute(_WHO).one()
    if is_superuser != "on":
        return []
    return [superuser(draft.source, name).fault(known_or(draft.accept, {}), draft.source)]


def _make_engine(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url, **transactions.engine_options(url))
    transactions.prepare(engine)
    return engine
