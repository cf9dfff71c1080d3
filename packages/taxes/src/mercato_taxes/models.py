"""The table of tax rates."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_contracts.taxes import HIGHEST_RATE
from mercato_kit import db


class Base(DeclarativeBase):
    """Base of the feature's tables."""

    metadata = db.metadata("taxes")
    type_annotation_map = db.TYPES


class Rate(db.Aggregate, Base):
    """The rate of one tax, for a tax code in a country or region, from a time on.

    Of rates that differ only in their times, the one that began last applies. Rates with other
    codes are other taxes, which are due together.
    """

    __tablename__ = "taxes_rate"
    __table_args__ = (
        sa.UniqueConstraint("country", "region", "tax_code", "code", "valid_from"),
        sa.CheckConstraint(f"ppm BETWEEN 0 AND {HIGHEST_RATE}", name="ppm"),
        sa.CheckConstraint(
            "reason IN ('standard', 'reduced') OR (reason IN ('zero', 'exempt') AND ppm = 0)",
            name="reason",
        ),
        sa.CheckConstraint("valid_until > valid_from", name="period"),
        sa.Index(None, "country", "id"),
        sa.Index(None, "created_at", "id"),
    )

    country: Mapped[str] = mapped_column(db.sortable(2), doc="ISO 3166-1 alpha-2, or XK")
    region: Mapped[str] = mapped_column(
        sa.String(50), default="", doc="Upper case; empty for the whole country"
    )
    tax_code: Mapped[str] = mapped_column(sa.String(50), doc="That of products and of shipping")
    code: Mapped[str] = mapped_column(sa.String(50), doc="Identifies the tax, e.g. de-standard")
    label: Mapped[str] = mapped_column(sa.String(100), doc="Its name, for customers")
    ppm: Mapped[int] = mapped_column(doc="Parts per million: 190,000 is 19 %")
    reason: Mapped[str] = mapped_column(sa.String(20), default="standard")
    valid_from: Mapped[datetime] = mapped_column(doc="The first moment")
    valid_until: Mapped[datetime | None] = mapped_column(doc="The moment after the last one")
