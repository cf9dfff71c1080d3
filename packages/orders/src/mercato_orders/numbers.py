"""Order numbers: unique and ascending from 1001."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.later import by_column
from mercato_kit.prepared import Prepared
from mercato_orders.models import NUMBERS, Counter, Order

COUNTER = "order"


def insert_numbered(row: Mapping[str, Any]) -> int:
    """Insert an order with the next number, which *row* does not have; return the number."""
    connection = session.connection()
    numbered = {name: value for name, value in by_column(Order, row).items() if name != "number"}
    # A sequence does not make concurrent transactions wait for each other. SQLite has one writer
    # at a time, so a counter row is enough.
    if not connection.dialect.supports_sequences:
        numbered["number"] = _NEXT.rows(connection, {})[0]["value"]
    number: int = _INSERT.rows(connection, numbered)[0]["number"]
    return number


def _insert(dialect: sa.Dialect) -> sa.Insert:
    insert = sa.insert(Order).returning(Order.number)
    return insert.values(number=NUMBERS.next_value()) if dialect.supports_sequences else insert


def _increase(_dialect: sa.Dialect) -> sa.Update:
    counter = sa.update(Counter).where(Counter.name == COUNTER)
    return counter.values(value=Counter.value + 1).returning(Counter.value)


_INSERT = Prepared(_insert)
_NEXT = Prepared(_increase)
