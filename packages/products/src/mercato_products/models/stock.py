"""Locations and the ledger of stock movements."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from mercato_kit.db import Identified, utc_now
from mercato_products.models.base import Base

DEFAULT_LOCATION_ID = UUID("01900000-0000-7000-8000-000000000001")
"""The location ``default``, inserted by the first migration. Orders are served from it."""


class Location(Base, Identified):
    """A place with stock, e.g. a warehouse."""

    __tablename__ = "products_location"
    __table_args__ = (
        sa.UniqueConstraint("code"),
        sa.Index(
            "uq_products_location_is_default",
            "is_default",
            unique=True,
            postgresql_where=sa.text("is_default"),
            sqlite_where=sa.text("is_default"),
        ),
    )

    code: Mapped[str] = mapped_column(sa.String(50))
    name: Mapped[str] = mapped_column(sa.String(200))
    priority: Mapped[int] = mapped_column(default=0)
    is_default: Mapped[bool] = mapped_column(default=False)


class StockMovement(Base, Identified):
    """One change of one stock level. The table is append-only: the sum of its rows is the level.

    ``sequence`` is the number of the fulfilment or return. That of a release is one more than the
    caller's number, and at least 1; if all remaining units are released, it is the caller's number
    with a minus, and at most 0.
    """

    __tablename__ = "products_stock_movement"
    __table_args__ = (
        sa.CheckConstraint(
            "kind IN ('receipt', 'adjustment', 'reserve', 'release', 'ship', 'unship', 'restock')",
            name="kind",
        ),
        # PostgreSQL truncates names at 63 characters, so long names are given explicitly.
        sa.UniqueConstraint(
            "reference",
            "kind",
            "sequence",
            "variant_id",
            "location_id",
            name="uq_products_stock_movement_effect",
        ),
        sa.Index(None, "variant_id", "id"),
        sa.Index(None, "created_at", "id"),
    )

    variant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("products_variant.id"))
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Location.id))
    kind: Mapped[str] = mapped_column(sa.String(20))
    on_hand_delta: Mapped[int] = mapped_column(default=0)
    reserved_delta: Mapped[int] = mapped_column(default=0)
    reference: Mapped[UUID | None] = mapped_column(doc="Id of the cause, e.g. an order")
    reference_type: Mapped[str | None] = mapped_column(sa.String(50))
    sequence: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None] = mapped_column(sa.String(200))
    actor_id: Mapped[UUID | None] = mapped_column(
        doc="The user who made the change; None for a job"
    )
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
