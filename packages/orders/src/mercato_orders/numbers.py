"""Order numbers: unique and ascending from 1001."""

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_orders.models import NUMBERS, Counter

COUNTER = "order"


def next_number() -> int:
    """Return the next order number."""
    # A sequence does not make concurrent transactions wait for each other. SQLite has one writer
    # at a time, so a counter row is enough.
    if session.get_bind().dialect.name == "postgresql":
        return session.execute(sa.select(NUMBERS.next_value())).scalar_one()
    return session.execute(
        sa.update(Counter)
        .where(Counter.name == COUNTER)
        .values(value=Counter.value + 1)
        .returning(Counter.value)
        .execution_options(synchronize_session=False)
    ).scalar_one()
