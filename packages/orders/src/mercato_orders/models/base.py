"""What the tables of orders have in common, and the numbers of orders."""

from collections.abc import Collection
from typing import Annotated

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


class Counter(Base):
    """The last order number, on databases without sequences.

    PostgreSQL uses a sequence, and this table stays empty.
    """

    __tablename__ = "orders_counter"

    name: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    value: Mapped[int] = mapped_column(sa.BigInteger)
