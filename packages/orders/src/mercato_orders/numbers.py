"""Order numbers: unique and ascending from 1001."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from mercato_kit import db
from mercato_kit.errors import Conflict
from mercato_kit.later import by_column
from mercato_kit.prepared import Prepared
from mercato_orders.models import NUMBERS, Counter, Order

COUNTER = "order"


class AlreadyPlaced(Conflict):
    """Another transaction has placed an order from the same reference."""


def insert_numbered(row: Mapping[str, Any]) -> int:
    """Insert an order with the next number, which *row* does not have; return the number.

    On PostgreSQL, waits for a concurrent insert with the same reference.

    Raises:
        AlreadyPlaced: An order has the reference.
    """
    connection = db.current_connection()
    numbered = {name: value for name, value in by_column(Order, row).items() if name != "number"}
    # A sequence does not make concurrent transactions wait for each other. SQLite has one writer
    # at a time, so a counter row is enough.
    if not connection.dialect.supports_sequences:
        numbered["number"] = _NEXT.rows(connection, {})[0]["value"]
    inserted = _INSERT.rows(connection, numbered)
    if not inserted:
        raise AlreadyPlaced
    number: int = inserted[0]["number"]
    return number


def _insert(dialect: sa.Dialect) -> sa.Insert:
    insert = db.insert(Order)
    if dialect.supports_sequences:
        insert = insert.values(number=NUMBERS.next_value())
    once = insert.on_conflict_do_nothing(index_elements=[Order.source_reference])
    return once.returning(Order.number)


def _increase(_dialect: sa.Dialect) -> sa.Update:
    counter = sa.update(Counter).where(Counter.name == COUNTER)
    return counter.values(value=Counter.value + 1).returning(Counter.value)


_INSERT = Prepared(_insert)
_NEXT = Prepared(_increase)
