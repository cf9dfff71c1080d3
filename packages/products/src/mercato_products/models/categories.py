"""The tree of categories."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

from mercato_kit.db import Aggregate
from mercato_products.models.base import Base


class Category(Base, Aggregate):
    """A shelf of the shop, inside another one or at the top."""

    __tablename__ = "products_category"
    __table_args__ = (
        sa.UniqueConstraint("handle"),
        sa.Index(None, "parent_id"),
        sa.Index(None, "path"),
    )

    parent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("products_category.id"))
    handle: Mapped[str] = mapped_column(sa.String(80))
    name: Mapped[str] = mapped_column(sa.String(200))
    path: Mapped[str] = mapped_column(
        sa.String(800), doc="Handles from the top down to this one, each with a slash behind it"
    )
    depth: Mapped[int] = mapped_column(default=0, doc="0 at the top")
    position: Mapped[int] = mapped_column(default=0, doc="Its place among its siblings")
