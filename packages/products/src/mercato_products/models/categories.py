"""The tree of categories."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from mercato_kit.db import Aggregate, sortable
from mercato_products.models.base import Base, Named


class Category(Base, Aggregate, Named):
    """A category of products, at the top or below another one."""

    __tablename__ = "products_category"
    __table_args__ = (
        sa.UniqueConstraint("handle"),
        sa.Index(None, "parent_id"),
        sa.Index(None, "path", "id"),
        sa.Index(None, "name_key", "id"),
        sa.Index(None, "position", "id"),
    )

    parent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("products_category.id"))
    handle: Mapped[str] = mapped_column(sa.String(80))
    path: Mapped[str] = mapped_column(
        sortable(800), doc="Handles from the top category to this one, each followed by a slash"
    )
    depth: Mapped[int] = mapped_column(default=0, doc="0 for a top category")
    position: Mapped[int] = mapped_column(default=0, doc="Sort order among siblings")
    is_removed: Mapped[bool] = mapped_column(
        default=False, server_default=sa.false(), doc="Hidden, and removed with its last product"
    )
