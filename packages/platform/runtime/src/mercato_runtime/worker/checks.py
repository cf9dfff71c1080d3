"""What ``mercato check`` asks about events that are not delivered."""

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
    """Report events that are not delivered. A database that cannot be asked has faults of its own.

    Events are looked for in the tables of this kit; where those are not there, K302 says so.
    """
    try:
        with transactions.reading(), open_engine(operation).connect() as connection:
            return stuck_deliveries(connection, operation.plan.features)
    except DBAPIError:
        return []
