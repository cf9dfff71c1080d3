"""Whether the database of a deployment fits its features, for commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import sqlalchemy as sa

from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_database.data_messages import unnamed_data
from mercato_database.messages import database_faults
from mercato_kit import transactions

if TYPE_CHECKING:
    from mercato_composition.commands import Operation


def check_database(operation: Operation) -> list[Fault]:
    """Report tables that are not what the features need, and data of features not named."""
    engine = open_engine(operation)
    faults = database_faults(engine, operation.plan.features)
    return [*faults, *unnamed_data(engine, operation.deployment.features)]


def require_migrated(operation: Operation) -> None:
    """Refuse to go on where migrations are pending.

    Raises:
        DeploymentError: They are, or the database cannot be asked.
    """
    faults = database_faults(open_engine(operation), operation.plan.features)
    if any(fault.severity == "error" for fault in faults):
        raise DeploymentError(faults)


def open_engine(operation: Operation) -> sa.Engine:
    """Make an engine for a few questions; its connections are closed with the command."""
    url = operation.deployment.database_url
    engine = sa.create_engine(url, **transactions.engine_options(url))
    transactions.prepare(engine)
    if context := click.get_current_context(silent=True):
        context.call_on_close(engine.dispose)
    return engine
