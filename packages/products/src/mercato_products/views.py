"""What is shown of products: one statement each."""

import sqlalchemy as sa

from mercato_kit.reads import Read
from mercato_kit.views import Through, View, any_of, comparisons
from mercato_products.availability import (
    AVAILABILITY,
    SHOWN_AVAILABILITY,
    VARIANT_STOCK,
)
from mercato_products.models import (
    Category,
    CategoryListing,
    CategoryPrice,
    Medium,
    Price,
    PriceRange,
    Product,
    ProductCategory,
    Reservation,
    ReservationLine,
    StockLevel,
    StockMovement,
    Variant,
)
from mercato_products.schemas.categories import CategorySchema
from mercato_products.schemas.products import ProductSchema, ProductSummarySchema
from mercato_products.schemas.stock import (
    ReservationSchema,
    StockLevelSchema,
    StockMovementSchema,
)
from mercato_products.schemas.variants import VariantSchema

_IMAGE = sa.select(Medium.url).where(Medium.product_id == Product.id, Medium.position == 0)
_CATEGORY_IDS = (
    sa.select(ProductCategory.category_id)
    .where(ProductCategory.product_id == Product.id)
    .order_by(ProductCategory.category_id)
)
_CURRENCY = sa.bindparam("currency", type_=PriceRange.currency.type)
_USUAL_CURRENCY = sa.bindparam("usual_currency", type_=PriceRange.currency.type)
_PRICE_RANGE = (
    sa.select(PriceRange)
    .where(
        PriceRange.product_id == Product.id,
        sa.or_(_CURRENCY.is_(None), PriceRange.currency == _CURRENCY),
    )
    .order_by((PriceRange.currency == _USUAL_CURRENCY).desc(), PriceRange.currency)
    .limit(1)
)
"""The range in the currency asked for, else in the usual one, else in any."""

_CATEGORY_ID = (
    sa.select(Category.id)
    .where(
        sa.or_(
            Category.handle == sa.bindparam("category_handle", type_=Category.handle.type),
            Category.id == sa.bindparam("category_id", type_=Category.id.type),
        ),
        ~Category.is_removed,
    )
    .scalar_subquery()
)

ON_SALE = Read(
    sa.select(Product.id).where(
        Product.id == sa.bindparam("id"),
        sa.or_(sa.bindparam("all", type_=sa.Boolean()), Product.status == "active"),
    )
)
"""Whether a product exists, and the caller may see it."""

_ONE_PRODUCT = {
    "id": Product.id == sa.bindparam("id"),
    "handle": Product.handle == sa.bindparam("handle"),
    "for_sale": Product.status == "active",
}
_SHOWN_PARTS = {
    "variants": Variant.status == sa.bindparam("variant_status"),
    "variants.prices": Price.currency == sa.bindparam("currency"),
}

PRODUCT = View(
    ProductSchema,
    without=["availability", "variants.stock"],
    only=_SHOWN_PARTS,
    computed={"image_url": _IMAGE, "category_ids": _CATEGORY_IDS},
    filters=_ONE_PRODUCT,
)

PRODUCT_WITH_STOCK = View(
    ProductSchema,
    without=["version"],
    only=_SHOWN_PARTS,
    computed={
        "image_url": _IMAGE,
        "category_ids": _CATEGORY_IDS,
        "availability": SHOWN_AVAILABILITY,
        "variants.stock": VARIANT_STOCK,
    },
    filters=_ONE_PRODUCT,
)

PRODUCTS = View(
    ProductSummarySchema,
    computed={"image_url": _IMAGE, "price_range": _PRICE_RANGE, "availability": AVAILABILITY},
    filters={
        "ids": any_of(Product.id, "ids"),
        "for_sale": Product.status == "active",
        "in_stock": Product.in_stock == sa.bindparam("in_stock"),
        "category": Through(
            CategoryListing,
            on=CategoryListing.product_id == Product.id,
            where=CategoryListing.category_id == _CATEGORY_ID,
            sorts={"created_at": CategoryListing.created_at, "name": CategoryListing.name_key},
            id=CategoryListing.product_id,
        ),
        "category_for_sale": CategoryListing.status == "active",
        "category_in_stock": CategoryListing.in_stock == sa.bindparam("category_in_stock"),
        "price": Through(
            PriceRange,
            on=PriceRange.product_id == Product.id,
            where=PriceRange.currency == _CURRENCY,
            sorts={"price": PriceRange.min_amount},
            id=PriceRange.product_id,
        ),
        "price_for_sale": PriceRange.status == "active",
        "price_in_stock": PriceRange.in_stock == sa.bindparam("price_in_stock"),
        "price_gte": PriceRange.min_amount >= sa.bindparam("price_gte"),
        "price_lte": PriceRange.min_amount <= sa.bindparam("price_lte"),
        "category_price": Through(
            CategoryPrice,
            on=CategoryPrice.product_id == Product.id,
            where=sa.and_(
                CategoryPrice.category_id == _CATEGORY_ID, CategoryPrice.currency == _CURRENCY
            ),
            sorts={"price": CategoryPrice.min_amount},
            id=CategoryPrice.product_id,
        ),
        "category_price_for_sale": CategoryPrice.status == "active",
        "category_price_in_stock": (
            CategoryPrice.in_stock == sa.bindparam("category_price_in_stock")
        ),
        "category_price_gte": CategoryPrice.min_amount >= sa.bindparam("category_price_gte"),
        "category_price_lte": CategoryPrice.min_amount <= sa.bindparam("category_price_lte"),
    },
    sorts={"created_at": Product.created_at, "name": Product.name_key},
    id=Product.id,
)

VARIANTS = View(
    VariantSchema,
    without=["stock"],
    filters={
        "id": Variant.id == sa.bindparam("id"),
        "ids": any_of(Variant.id, "ids"),
        "sku": any_of(Variant.sku, "sku"),
        "product": Variant.product_id == sa.bindparam("product"),
        "for_sale": Variant.is_for_sale,
    },
    sorts={
        "position": Variant.position,
        "sku": Variant.sku,
        "created_at": Variant.created_at,
    },
    id=Variant.id,
)

CATEGORIES = View(
    CategorySchema,
    where=[~Category.is_removed],
    filters={
        "id": Category.id == sa.bindparam("id"),
        "parent_id": Category.parent_id == sa.bindparam("parent_id"),
    },
    sorts={"path": Category.path, "name": Category.name_key, "position": Category.position},
    id=Category.id,
)

LEVELS = View(
    StockLevelSchema,
    computed={"sku": sa.select(Variant.sku).where(Variant.id == StockLevel.variant_id)},
    filters={
        "variants": Through(
            Variant,
            on=Variant.id == StockLevel.variant_id,
            where=sa.true(),
            sorts={"sku": Variant.sku},
        ),
        "variant_ids": any_of(StockLevel.variant_id, "variant_ids"),
        "sku": any_of(Variant.sku, "sku"),
        "location_id": StockLevel.location_id == sa.bindparam("location_id"),
        "available_lte": StockLevel.available <= sa.bindparam("available_lte"),
    },
    id=StockLevel.location_id,
)

MOVEMENTS = View(
    StockMovementSchema,
    filters={
        "kind": any_of(StockMovement.kind, "kind"),
        **comparisons(StockMovement.variant_id, StockMovement.reference, StockMovement.created_at),
    },
    sorts={"created_at": StockMovement.created_at},
    id=StockMovement.id,
)

RESERVATIONS = View(
    ReservationSchema,
    filters={
        "reference": Reservation.reference == sa.bindparam("reference"),
        "status": any_of(Reservation.status, "status"),
        "variant_id": Reservation.lines.any(
            ReservationLine.variant_id == sa.bindparam("variant_id")
        ),
    },
    sorts={"created_at": Reservation.created_at},
    id=Reservation.reference,
)
