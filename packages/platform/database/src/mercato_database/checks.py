"""Check the database of a deployment, for commands and for ``mercato check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from mercato_composition.faults import DeploymentError, Fault
from mercato_composition.features.checks.database import is_remote, superuser
from mercato_database.data_faults import unnamed_data
from mercato_database.faults import database_faults
from mercato_kit import transactions

if TYPE_CHECKING:
    from mercato_composition.commands import Operation
    from mercato_composition.deployment.model import Deployment

_WHO = sa.text("SELECT current_user, current_setting('is_superuser')")


def check_database(operation: Operation) -> list[Fault]:
    """Report faults of the tables and of the login, and data of features that are not named."""
    engine, deployment = operation.once(open_engine), operation.deployment
    faults = [*operation.once(_table_faults), *_superuser(engine, deployment)]
    return [*faults, *unnamed_data(engine, deployment.features)]


def require_migrated(operation: Operation) -> None:
    """Check that the features run on the tables as they are.

    Raises:
        DeploymentError: Migrations are pending, or the database does not answer.
    """
    faults = operation.once(_table_faults)
    if any(fault.severity == "error" for fault in faults):
        raise DeploymentError(faults)


def _table_faults(operation: Operation) -> list[Fault]:
    return database_faults(operation.once(open_engine), operation.plan.features)


def open_engine(operation: Operation) -> sa.Engine:
    """Create an engine for a few queries; it is disposed of when the command ends."""
    url = operation.deployment.database_url
    engine = sa.create_engine(url, **transactions.engine_options(url))
    transactions.prepare(engine)
    if context := click.get_current_context(silent=True):
        context.call_on_close(engine.dispose)
    return engine


def _superuser(engine: sa.Engine, deployment: Deployment) -> list[Fault]:
    """Report that production uses a superuser of another machine's PostgreSQL (K206)."""
    if deployment.environment != "production" or not is_remote(engine.url):
        return []
    try:
        with engine.connect() as connection:
            name, is_superuser = connection.execute(_WHO).one()
    except DBAPIError:
        # A server that does not answer is reported with the tables.
        return []
    where = deployment.source.origin("database", "url")
    return [superuser(where, name).fault(deployment)] if is_superuser == "on" else []
