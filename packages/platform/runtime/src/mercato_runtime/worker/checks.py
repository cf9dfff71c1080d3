"""Check for events that are not delivered, for ``mercato check`` and ``mercato worker``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from mercato_database.checks import open_engine
from mercato_kit import transactions
from mercato_runtime.worker.stuck import stuck_deliveries

if TYPE_CHECKING:
    from mercato_composition.commands import Operation
    from mercato_composition.faults import Fault


def check_deliveries(operation: Operation) -> list[Fault]:
    """Return warnings for events that are not delivered.

    None are returned if the database does not answer (K207) or lacks the kit's tables (K302).
    """
    try:
        with transactions.reading(), open_engine(operation).connect() as connection:
            return stuck_deliveries(connection, operation.plan.features)
    except DBAPIError:
        return []
