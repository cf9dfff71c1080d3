"""The words that orders are found by."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from mercato_kit import db
from mercato_orders.models.base import Base
from mercato_orders.models.orders import Order

LONGEST_WORD = 40
"""Characters of a word that are compared."""


class SearchWord(Base):
    """A word of the names of an order: of its customer, and of who receives it.

    A trigger of the database writes it when ``search_words`` of the order is written.
    """

    __tablename__ = "orders_search_word"
    __table_args__ = (sa.Index(None, "order_id"),)

    word: Mapped[str] = mapped_column(
        db.sortable(LONGEST_WORD), primary_key=True, doc="Without case and accents"
    )
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Order.id), primary_key=True)
