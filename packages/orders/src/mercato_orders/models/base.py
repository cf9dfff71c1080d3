"""What the tables of orders have in common, and the numbers of orders."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db


class Base(DeclarativeBase):
    """Base of the feature's tables."""

    metadata = db.metadata("orders")
    type_annotation_map = db.TYPES


Amount = Annotated[int, mapped_column(sa.BigInteger, default=0)]
"""Minor units of the order's currency."""

NUMBERS = sa.Sequence("orders_number_seq", start=1001, metadata=Base.metadata)
"""Source of order numbers on PostgreSQL. Refused orders leave gaps."""


def one_of(column: str, values: Collection[str]) -> str:
    """Return the SQL that a column has one of some texts."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Leased:
    """A row that a job works on: one worker at a time, and again after an error."""

    leased_until: Mapped[datetime | None] = mapped_column(doc="When another worker may take it")
    lease_id: Mapped[UUID | None] = mapped_column(doc="The lease of the worker that has it")
    next_attempt_at: Mapped[datetime | None] = mapped_column(
        doc="When the job takes it; None if there is nothing to do"
    )
    attempts: Mapped[int] = mapped_column(default=0, server_default="0", doc="By the job")


class Called(Leased):
    """A row that its payment provider is called for, and asked about until the outcome is known."""

    attempt_no: Mapped[int] = mapped_column(
        default=1, server_default="1", doc="Part of the idempotency keys"
    )
    errors: Mapped[int] = mapped_column(
        default=0, server_default="0", doc="Errors of the provider in a row"
    )
    last_error: Mapped[str | None] = mapped_column(sa.String(500))


def due(table: str, condition: str = "next_attempt_at IS NOT NULL") -> sa.Index:
    """Return the index of the rows that a job has to take."""
    where = sa.text(condition)
    return sa.Index(
        f"ix_{table}_due", "next_attempt_at", postgresql_where=where, sqlite_where=where
    )


class Counter(Base):
    """The last order number, on databases without sequences.

    PostgreSQL uses a sequence, and this table stays empty.
    """

    __tablename__ = "orders_counter"

    name: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    value: Mapped[int] = mapped_column(sa.BigInteger)
