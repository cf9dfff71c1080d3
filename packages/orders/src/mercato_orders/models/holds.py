"""What the law keeps of paid orders after the person's data was erased."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from mercato_kit import keys
from mercato_orders.models.base import Base
from mercato_orders.models.orders import Order

FISCAL_HOLD = "orders.fiscal_hold"
"""The purpose of the key that seals it."""


class FiscalHold(Base):
    """Name, addresses and tax id of a paid order, sealed, for as long as the law says."""

    __tablename__ = "orders_fiscal_hold"
    __table_args__ = (sa.Index(None, "until"),)

    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Order.id), primary_key=True)
    body_sealed: Mapped[bytes] = mapped_column(keys.Sealed(FISCAL_HOLD))
    until: Mapped[datetime] = mapped_column(doc="When it is deleted")
