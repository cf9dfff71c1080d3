"""Changes that are sent with another statement."""

from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.sql.selectable import HasCTE

from mercato_kit.db import session

S = TypeVar("S", bound=HasCTE)


def with_changes(statement: S, *changes: sa.Update) -> S:
    """Return a statement with changes beside it, which saves a round trip for each.

    On PostgreSQL they are one statement, whose parts do not see what the others change. On SQLite
    they are sent here, in their order.

    Args:
        statement: The statement; it reads nothing that the changes write.
        changes: The changes; each reads nothing that those before it write.
    """
    if session.get_bind().dialect.name == "sqlite":
        for one in changes:
            session.execute(one)
        return statement
    return statement.add_cte(*(one.cte(f"change{place}") for place, one in enumerate(changes)))
