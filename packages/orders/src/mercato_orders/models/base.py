"""What the tables of orders have in common, and the numbers of orders."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Annotated

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db
from mercato_kit.leases import Leased


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


CHECK_AFTER = timedelta(seconds=15)
"""How long the answer of a provider is waited for before the provider is asked."""


class Checked(Leased):
    """A row that its payment provider is asked about until the outcome is known."""

    next_check_at: Mapped[datetime] = mapped_column(
        default=lambda: db.utc_now() + CHECK_AFTER, doc="When the provider is asked"
    )
    checks: Mapped[int] = mapped_column(default=0, server_default="0", doc="How often it was asked")
    errors: Mapped[int] = mapped_column(default=0, server_default="0", doc="Of checks, in a row")
    last_error: Mapped[str | None] = mapped_column(sa.String(500))
    unanswered_since: Mapped[datetime | None]
    attempt_no: Mapped[int] = mapped_column(
        default=1, server_default="1", doc="Part of the idempotency keys"
    )
    attempt_at: Mapped[datetime] = mapped_column(
        default=db.utc_now, doc="When a key of this attempt was first used"
    )


def partial_index(name: str, column: str, where: str, *, unique: bool = False) -> sa.Index:
    """Return an index of some rows."""
    condition = sa.text(where)
    return sa.Index(name, column, unique=unique, postgresql_where=condition, sqlite_where=condition)


class Counter(Base):
    """The last order number, on databases without sequences.

    PostgreSQL uses a sequence, and this table stays empty.
    """

    __tablename__ = "orders_counter"

    name: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    value: Mapped[int] = mapped_column(sa.BigInteger)
