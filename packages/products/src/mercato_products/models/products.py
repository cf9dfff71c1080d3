"""Products with their variants, prices, media, category links and stock levels."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mercato_kit.db import MAX_SAFE_INTEGER, Aggregate, Identified, sortable
from mercato_products.models.base import Base, Named
from mercato_products.models.stock import DEFAULT_LOCATION_ID, Location

AVAILABILITIES = ("in_stock", "back_order", "out_of_stock", "discontinued")
"""Availabilities in the terms of schema.org, best first."""


@dataclass(frozen=True, slots=True)
class VariantStock:
    """Availability of a variant, and the units available.

    ``available`` is None for a variant that does not track its inventory.
    """

    availability: str
    available: int | None


class Product(Base, Aggregate, Named):
    """A product with one or more variants.

    Its version increases with every change of the product, its variants, prices and media, and when
    one of its categories is removed.
    """

    __tablename__ = "products_product"
    __table_args__ = (
        sa.CheckConstraint("status IN ('draft', 'active', 'archived')", name="status"),
        sa.UniqueConstraint("handle"),
        sa.UniqueConstraint("external_reference"),
        sa.Index(None, "status", "created_at", "id"),
        sa.Index(None, "status", "name_key", "id"),
        sa.Index(None, "status", "in_stock", "created_at", "id"),
        sa.Index(None, "status", "in_stock", "name_key", "id"),
    )

    handle: Mapped[str] = mapped_column(sa.String(80), doc="Its name in URLs")
    description: Mapped[str] = mapped_column(sa.Text, default="")
    brand: Mapped[str | None] = mapped_column(sa.String(100))
    status: Mapped[str] = mapped_column(sa.String(20), default="draft")
    options: Mapped[list[str]] = mapped_column(default=list, doc="Names of the options, e.g. Size")
    tax_code: Mapped[str | None] = mapped_column(sa.String(50))
    external_reference: Mapped[str | None] = mapped_column(sa.String(100))
    in_stock: Mapped[bool] = mapped_column(
        default=False, doc="Whether an active variant has unreserved units on hand, or needs none"
    )
    published_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]

    variants: Mapped[list["Variant"]] = relationship(
        back_populates="product", order_by="Variant.position, Variant.id", lazy="raise"
    )
    media: Mapped[list["Medium"]] = relationship(order_by="Medium.position", lazy="raise")

    category_links: Mapped[list["ProductCategory"]] = relationship(
        order_by="ProductCategory.category_id", lazy="raise", viewonly=True
    )

    shows_stock = False
    """Whether the stock levels of its variants were loaded."""

    @property
    def image_url(self) -> str | None:
        """The URL of its first image; None if it has none."""
        return self.media[0].url if self.media else None

    @property
    def category_ids(self) -> list[UUID]:
        """The ids of its categories."""
        return [link.category_id for link in self.category_links]

    @property
    def availability(self) -> str | None:
        """The best availability of its active variants; None if stock was not loaded."""
        if not self.shows_stock:
            return None
        if self.status == "archived":
            return "discontinued"
        of_variants = {variant.stock.availability for variant in self.variants}
        return next((word for word in AVAILABILITIES if word in of_variants), "out_of_stock")


class ProductCategory(Base):
    """A link of a product to a category."""

    __tablename__ = "products_product_category"
    __table_args__ = (sa.Index(None, "product_id"),)

    category_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("products_category.id", ondelete="CASCADE"), primary_key=True
    )
    product_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Product.id), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)


class Variant(Base, Aggregate):
    """A sellable version of a product, e.g. in one size and colour."""

    __tablename__ = "products_variant"
    __table_args__ = (
        sa.CheckConstraint("status IN ('active', 'archived')", name="status"),
        sa.CheckConstraint("weight_grams >= 0", name="weight_grams"),
        sa.UniqueConstraint("sku"),
        sa.UniqueConstraint("product_id", "option_key"),
        sa.Index(None, "is_for_sale", "created_at", "id"),
        sa.Index(None, "is_for_sale", "sku", "id"),
    )

    product_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Product.id))
    sku: Mapped[str] = mapped_column(sortable(64), doc="Stock keeping unit")
    gtin: Mapped[str | None] = mapped_column(sa.String(14))
    name: Mapped[str] = mapped_column(sa.String(400), doc="E.g. Oak / Large; empty without options")
    option_values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    option_key: Mapped[str] = mapped_column(sa.String(64), doc="SHA-256 of the option values")
    position: Mapped[int] = mapped_column(default=0)
    weight_grams: Mapped[int | None]
    requires_shipping: Mapped[bool] = mapped_column(default=True)
    track_inventory: Mapped[bool] = mapped_column(default=True, doc="False: never runs out")
    tax_code: Mapped[str | None] = mapped_column(
        sa.String(50), doc="Overrides the product's tax code"
    )
    status: Mapped[str] = mapped_column(sa.String(20), default="active")
    is_for_sale: Mapped[bool] = mapped_column(
        default=False, doc="Whether it is active, and so is its product"
    )

    product: Mapped[Product] = relationship(back_populates="variants", lazy="raise")
    prices: Mapped[list["Price"]] = relationship(
        back_populates="variant", order_by="Price.currency", lazy="raise"
    )
    levels: Mapped[list["StockLevel"]] = relationship(back_populates="variant", lazy="raise")

    @property
    def stock(self) -> VariantStock:
        """Availability at the default location.

        Raises:
            AttributeError: Stock was not loaded; a schema then leaves it out.
        """
        if "levels" in sa.inspect(self).unloaded:
            raise AttributeError("stock was not loaded")
        if self.status == "archived":
            return VariantStock("discontinued", 0)
        if not self.track_inventory:
            return VariantStock("in_stock", None)
        here = (level for level in self.levels if level.location_id == DEFAULT_LOCATION_ID)
        level = next(here, None)
        if level is None or level.available <= 0:
            return VariantStock("out_of_stock", 0)
        in_hand = level.on_hand > level.reserved
        return VariantStock("in_stock" if in_hand else "back_order", level.available)


class Price(Base):
    """The price of one unit of a variant in one currency."""

    __tablename__ = "products_price"
    __table_args__ = (
        sa.CheckConstraint(f"unit_amount BETWEEN 0 AND {MAX_SAFE_INTEGER}", name="unit_amount"),
        sa.CheckConstraint(
            f"compare_at_amount BETWEEN 0 AND {MAX_SAFE_INTEGER}", name="compare_at_amount"
        ),
    )

    variant_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Variant.id), primary_key=True)
    currency: Mapped[str] = mapped_column(sa.CHAR(3), primary_key=True)
    unit_amount: Mapped[int] = mapped_column(sa.BigInteger, doc="Minor units")
    compare_at_amount: Mapped[int | None] = mapped_column(
        sa.BigInteger, doc="Minor units; the former price"
    )
    version: Mapped[int] = mapped_column(
        default=1, server_default="1", doc="Number of changes, from 1"
    )

    variant: Mapped[Variant] = relationship(back_populates="prices", lazy="raise")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the name SQLAlchemy reads


class StockLevel(Base):
    """Units of a variant at a location: on hand, reserved, and the backorder limit.

    Variants that do not track their inventory have none. A level changes only together with a
    movement, by one guarded UPDATE; see ``services/levels.py``.
    """

    __tablename__ = "products_stock_level"
    __table_args__ = (
        sa.CheckConstraint("on_hand >= 0", name="on_hand"),
        sa.CheckConstraint("reserved >= 0", name="reserved"),
        sa.CheckConstraint("backorder_limit >= 0", name="backorder_limit"),
        sa.CheckConstraint("reserved <= on_hand + backorder_limit", name="reserved_within_supply"),
    )

    variant_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Variant.id), primary_key=True)
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Location.id), primary_key=True)
    on_hand: Mapped[int] = mapped_column(default=0, doc="Units physically present")
    reserved: Mapped[int] = mapped_column(default=0, doc="Units held for orders")
    backorder_limit: Mapped[int] = mapped_column(
        default=0, doc="Units that may be sold beyond those on hand"
    )
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    variant: Mapped[Variant] = relationship(back_populates="levels", lazy="raise")

    @hybrid_property
    def available(self) -> int:
        """Units that can be reserved, including the backorder limit."""
        return self.on_hand + self.backorder_limit - self.reserved

    @property
    def sku(self) -> str:
        """The variant's SKU."""
        return self.variant.sku


class PriceRange(Base):
    """Lowest and highest price of a product's active variants in one currency, for lists."""

    __tablename__ = "products_price_range"
    __table_args__ = (
        sa.CheckConstraint("0 <= min_amount AND min_amount <= max_amount", name="amounts"),
        sa.Index(None, "currency", "status", "min_amount", "product_id"),
        # PostgreSQL truncates names at 63 characters, so long names are given explicitly.
        sa.Index(
            "ix_products_price_range_in_stock",
            "currency",
            "status",
            "in_stock",
            "min_amount",
            "product_id",
        ),
    )

    product_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Product.id), primary_key=True)
    currency: Mapped[str] = mapped_column(sa.CHAR(3), primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(20), doc="The product's")
    in_stock: Mapped[bool] = mapped_column(doc="The product's")
    min_amount: Mapped[int] = mapped_column(sa.BigInteger, doc="Minor units")
    max_amount: Mapped[int] = mapped_column(sa.BigInteger, doc="Minor units")


class Medium(Base, Identified):
    """An image of a product or of one of its variants. Position 0 is the main image."""

    __tablename__ = "products_media"
    __table_args__ = (
        sa.UniqueConstraint("product_id", "position"),
        # Few pictures show one variant. Among so many NULLs, SQLite would not use a whole index.
        sa.Index(
            None,
            "variant_id",
            postgresql_where=sa.text("variant_id IS NOT NULL"),
            sqlite_where=sa.text("variant_id IS NOT NULL"),
        ),
    )

    product_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Product.id))
    variant_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Variant.id))
    url: Mapped[str] = mapped_column(sa.String(2000))
    alt: Mapped[str] = mapped_column(sa.String(500), default="")
    position: Mapped[int]
