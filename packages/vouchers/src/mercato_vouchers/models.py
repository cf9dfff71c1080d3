"""Tables of vouchers: vouchers and their redemptions."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db


class Base(DeclarativeBase):
    """Base of the feature's tables."""

    metadata = db.metadata("vouchers")
    type_annotation_map = db.TYPES


KINDS = ("percent", "amount", "free_shipping")
CODE_LENGTH = 64
"""Characters of a code, at most."""

Amounts = dict[str, Any]
"""Minor units by currency (ISO 4217)."""

_IS_AUTOMATIC = sa.text("code IS NULL AND archived_at IS NULL")


class Voucher(db.Aggregate, Base):
    """A discount for customers who enter its code; for everybody if it has none."""

    __tablename__ = "vouchers_voucher"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('percent', 'amount', 'free_shipping')", name="kind_known"),
        sa.CheckConstraint(
            "(kind = 'percent') = (ppm IS NOT NULL) AND ppm BETWEEN 1 AND 1000000", name="ppm"
        ),
        sa.CheckConstraint("valid_from < valid_until", name="validity"),
        sa.CheckConstraint("redeemed BETWEEN 0 AND max_redemptions", name="redeemed_within_limit"),
        sa.CheckConstraint("max_redemptions_per_customer > 0", name="limit_per_customer_positive"),
        sa.UniqueConstraint("code"),
        sa.Index(None, "created_at", "id"),
        sa.Index(
            "ix_vouchers_voucher_automatic",
            "id",
            postgresql_where=_IS_AUTOMATIC,
            sqlite_where=_IS_AUTOMATIC,
        ),
    )

    code: Mapped[str | None] = mapped_column(
        sa.String(CODE_LENGTH), doc="In NFKC and upper case; None for an automatic discount"
    )
    name: Mapped[str] = mapped_column(sa.String(200), doc="Label for customers")
    kind: Mapped[str] = mapped_column(sa.String(20))
    ppm: Mapped[int | None] = mapped_column(
        doc="Parts per million that a percent voucher takes off"
    )
    amounts: Mapped[Amounts] = mapped_column(default=dict, doc="What an amount voucher takes off")
    minimum_amounts: Mapped[Amounts] = mapped_column(
        default=dict, doc="Listed price that eligible lines reach together, at least"
    )
    at_most_amounts: Mapped[Amounts] = mapped_column(
        default=dict, doc="Maximum of the whole reduction"
    )
    product_ids: Mapped[list[str]] = mapped_column(default=list, doc="Eligible products")
    category_ids: Mapped[list[str]] = mapped_column(
        default=list, doc="Categories whose products are eligible, and those below them"
    )
    customer_id: Mapped[UUID | None] = mapped_column(doc="The only customer who may use it")
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None] = mapped_column(doc="The time at which it has expired")
    max_redemptions: Mapped[int | None] = mapped_column(doc="None for no limit")
    max_redemptions_per_customer: Mapped[int | None] = mapped_column(doc="None for no limit")
    redeemed: Mapped[int] = mapped_column(
        default=0, doc="Uses that count towards max_redemptions; 0 if there is no limit"
    )
    combinable: Mapped[bool] = mapped_column(default=True, doc="Whether it applies beside others")
    archived_at: Mapped[datetime | None]


class Redemption(db.Identified, Base):
    """The use of a voucher by an order.

    A row without a voucher marks an order that was canceled before it was known here, so that its
    late redemption is refused.
    """

    __tablename__ = "vouchers_redemption"
    __table_args__ = (
        sa.CheckConstraint(
            "voucher_id IS NOT NULL OR canceled_at IS NOT NULL", name="voucher_or_mark"
        ),
        sa.UniqueConstraint("reference", "position"),
        sa.UniqueConstraint("voucher_id", "customer_key", "slot"),
        sa.Index(None, "voucher_id", "created_at", "id"),
        sa.Index(None, "customer_id"),
    )

    reference: Mapped[UUID] = mapped_column(doc="Id of the order")
    position: Mapped[int] = mapped_column(doc="Place among the uses of the order, from 0")
    voucher_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Voucher.id))
    customer_id: Mapped[UUID | None] = mapped_column(doc="The principal's sub; None for a guest")
    customer_key: Mapped[str | None] = mapped_column(
        sa.CHAR(64), doc="HMAC of the customer's e-mail address, to count the uses of guests, too"
    )
    slot: Mapped[int | None] = mapped_column(
        doc="Number of the use among those of the customer, from 1; None if they are not limited, "
        "and once it is given back"
    )
    is_counted: Mapped[bool] = mapped_column(
        default=False, doc="Whether it counts towards max_redemptions"
    )
    amount: Mapped[Annotated[int, mapped_column(sa.BigInteger, default=0)]] = mapped_column(
        doc="What was taken off"
    )
    currency: Mapped[str | None] = mapped_column(sa.CHAR(3), doc="ISO 4217")
    created_at: Mapped[datetime] = mapped_column(default=db.utc_now)
    canceled_at: Mapped[datetime | None] = mapped_column(
        doc="When the order was canceled, or expired"
    )
