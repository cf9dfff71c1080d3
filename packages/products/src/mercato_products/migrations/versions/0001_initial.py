"""Create the tables of products and insert the location ``default``.

Revision: 0001
"""

from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mercato_kit.db import Json, UtcDateTime, sortable

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Words = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")

# The tokenizer `ascii` keeps every letter beyond ASCII: words are folded before they are written.
_FULL_TEXT_INDEX = """
CREATE VIRTUAL TABLE products_search_index
USING fts5 (words, tokenize="ascii tokenchars '_@'", detail=none)
"""

DEFAULT_LOCATION_ID = UUID("01900000-0000-7000-8000-000000000001")

_REFUSE_CHANGE = """
CREATE FUNCTION products_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the stock ledger is append-only' USING ERRCODE = 'restrict_violation';
END
$$
"""

_APPEND_ONLY = """
CREATE TRIGGER products_stock_movement_append_only
BEFORE UPDATE OR DELETE ON products_stock_movement
FOR EACH ROW EXECUTE FUNCTION products_refuse_change()
"""


def upgrade() -> None:
    """Create all tables."""
    _create_catalogue()
    _create_categories()
    _create_listings()
    _create_search()
    _create_stock()
    _create_reservations()
    _open_default_location()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSE_CHANGE)
        op.execute(_APPEND_ONLY)


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("products_stock_reservation_line")
    op.drop_table("products_stock_reservation")
    op.drop_table("products_stock_movement")
    op.drop_table("products_stock_level")
    op.drop_table("products_location")
    _drop_search()
    op.drop_table("products_category_price")
    op.drop_table("products_relisting")
    op.drop_table("products_category_listing")
    op.drop_table("products_product_category")
    op.drop_table("products_category")
    op.drop_table("products_media")
    op.drop_table("products_price_range")
    op.drop_table("products_price")
    op.drop_table("products_variant")
    op.drop_table("products_product")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION products_refuse_change()")


def _open_default_location() -> None:
    location = sa.table(
        "products_location",
        sa.column("id", sa.Uuid),
        sa.column("code", sa.String),
        sa.column("name", sa.String),
        sa.column("priority", sa.Integer),
        sa.column("is_default", sa.Boolean),
    )
    op.execute(
        sa.insert(location).values(
            id=DEFAULT_LOCATION_ID, code="default", name="Default", priority=0, is_default=True
        )
    )


def _create_catalogue() -> None:
    op.create_table(
        "products_product",
        sa.Column("handle", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sortable(222), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("brand", sa.String(length=100), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("tax_code", sa.String(length=50), nullable=True),
        sa.Column("in_stock", sa.Boolean(), nullable=False),
        sa.Column("external_reference", sa.String(length=100), nullable=True),
        sa.Column("published_at", UtcDateTime, nullable=True),
        sa.Column("archived_at", UtcDateTime, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, server_default="{}", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'active', 'archived')", name=op.f("ck_products_product_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products_product")),
        sa.UniqueConstraint(
            "external_reference", name=op.f("uq_products_product_external_reference")
        ),
        sa.UniqueConstraint("handle", name=op.f("uq_products_product_handle")),
    )
    for columns in (["status"], ["status", "in_stock"]):
        for column in ("created_at", "name_key"):
            op.create_index(
                op.f(f"ix_products_product_{'_'.join(columns)}_{column}_id"),
                "products_product",
                [*columns, column, "id"],
            )
    op.create_table(
        "products_variant",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sortable(64), nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("option_values", Json, nullable=False),
        sa.Column("option_key", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("weight_grams", sa.Integer(), nullable=True),
        sa.Column("requires_shipping", sa.Boolean(), nullable=False),
        sa.Column("track_inventory", sa.Boolean(), nullable=False),
        sa.Column("tax_code", sa.String(length=50), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("is_for_sale", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, server_default="{}", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'archived')", name=op.f("ck_products_variant_status")
        ),
        sa.CheckConstraint("weight_grams >= 0", name=op.f("ck_products_variant_weight_grams")),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products_product.id"],
            name=op.f("fk_products_variant_product_id_products_product"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products_variant")),
        sa.UniqueConstraint(
            "product_id", "option_key", name=op.f("uq_products_variant_product_id_option_key")
        ),
        sa.UniqueConstraint("sku", name=op.f("uq_products_variant_sku")),
    )
    for column in ("created_at", "sku"):
        op.create_index(
            op.f(f"ix_products_variant_is_for_sale_{column}_id"),
            "products_variant",
            ["is_for_sale", column, "id"],
        )
    op.create_table(
        "products_price",
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("unit_amount", sa.BigInteger(), nullable=False),
        sa.Column("compare_at_amount", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "compare_at_amount BETWEEN 0 AND 9007199254740991",
            name=op.f("ck_products_price_compare_at_amount"),
        ),
        sa.CheckConstraint(
            "unit_amount BETWEEN 0 AND 9007199254740991", name=op.f("ck_products_price_unit_amount")
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["products_variant.id"],
            name=op.f("fk_products_price_variant_id_products_variant"),
        ),
        sa.PrimaryKeyConstraint("variant_id", "currency", name=op.f("pk_products_price")),
    )
    op.create_table(
        "products_price_range",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("in_stock", sa.Boolean(), nullable=False),
        sa.Column("min_amount", sa.BigInteger(), nullable=False),
        sa.Column("max_amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "0 <= min_amount AND min_amount <= max_amount",
            name=op.f("ck_products_price_range_amounts"),
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products_product.id"],
            name=op.f("fk_products_price_range_product_id_products_product"),
        ),
        sa.PrimaryKeyConstraint("product_id", "currency", name=op.f("pk_products_price_range")),
    )
    op.create_index(
        op.f("ix_products_price_range_currency_status_min_amount_product_id"),
        "products_price_range",
        ["currency", "status", "min_amount", "product_id"],
    )
    op.create_index(
        "ix_products_price_range_in_stock",
        "products_price_range",
        ["currency", "status", "in_stock", "min_amount", "product_id"],
    )
    op.create_table(
        "products_media",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=True),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("alt", sa.String(length=500), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products_product.id"],
            name=op.f("fk_products_media_product_id_products_product"),
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["products_variant.id"],
            name=op.f("fk_products_media_variant_id_products_variant"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products_media")),
        sa.UniqueConstraint(
            "product_id", "position", name=op.f("uq_products_media_product_id_position")
        ),
    )
    op.create_index(
        op.f("ix_products_media_variant_id"),
        "products_media",
        ["variant_id"],
        postgresql_where=sa.text("variant_id IS NOT NULL"),
        sqlite_where=sa.text("variant_id IS NOT NULL"),
    )


def _create_categories() -> None:
    op.create_table(
        "products_category",
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("handle", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sortable(222), nullable=False),
        sa.Column("path", sortable(800), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_removed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, server_default="{}", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["products_category.id"],
            name=op.f("fk_products_category_parent_id_products_category"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products_category")),
        sa.UniqueConstraint("handle", name=op.f("uq_products_category_handle")),
    )
    op.create_index(op.f("ix_products_category_parent_id"), "products_category", ["parent_id"])
    for column in ("path", "name_key", "position"):
        op.create_index(
            op.f(f"ix_products_category_{column}_id"), "products_category", [column, "id"]
        )
    op.create_table(
        "products_product_category",
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["products_category.id"],
            name=op.f("fk_products_product_category_category_id_products_category"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products_product.id"],
            name=op.f("fk_products_product_category_product_id_products_product"),
        ),
        sa.PrimaryKeyConstraint(
            "category_id", "product_id", name=op.f("pk_products_product_category")
        ),
    )
    op.create_index(
        op.f("ix_products_product_category_product_id"), "products_product_category", ["product_id"]
    )


def _create_listings() -> None:
    op.create_table(
        "products_category_listing",
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("name_key", sortable(222), nullable=False),
        sa.Column("in_stock", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["products_category.id"],
            name=op.f("fk_products_category_listing_category_id_products_category"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products_product.id"],
            name=op.f("fk_products_category_listing_product_id_products_product"),
        ),
        sa.PrimaryKeyConstraint(
            "category_id", "product_id", name=op.f("pk_products_category_listing")
        ),
    )
    for name, column in (("created_at", "created_at"), ("name", "name_key")):
        op.create_index(
            f"ix_products_category_listing_{name}",
            "products_category_listing",
            ["category_id", "status", column, "product_id"],
        )
        op.create_index(
            f"ix_products_category_listing_in_stock_{name}",
            "products_category_listing",
            ["category_id", "status", "in_stock", column, "product_id"],
        )
    op.create_index(
        op.f("ix_products_category_listing_product_id"), "products_category_listing", ["product_id"]
    )
    op.create_table(
        "products_relisting",
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("unlink", sa.Boolean(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["products_category.id"],
            name=op.f("fk_products_relisting_category_id_products_category"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products_relisting")),
    )
    op.create_table(
        "products_category_price",
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("in_stock", sa.Boolean(), nullable=False),
        sa.Column("min_amount", sa.BigInteger(), nullable=False),
        sa.Column("max_amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["products_category.id"],
            name=op.f("fk_products_category_price_category_id_products_category"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products_product.id"],
            name=op.f("fk_products_category_price_product_id_products_product"),
        ),
        sa.PrimaryKeyConstraint(
            "category_id", "product_id", "currency", name=op.f("pk_products_category_price")
        ),
    )
    op.create_index(
        "ix_products_category_price_min_amount",
        "products_category_price",
        ["category_id", "currency", "status", "min_amount", "product_id"],
    )
    op.create_index(
        "ix_products_category_price_in_stock",
        "products_category_price",
        ["category_id", "currency", "status", "in_stock", "min_amount", "product_id"],
    )
    op.create_index(
        op.f("ix_products_category_price_product_id"), "products_category_price", ["product_id"]
    )


def _create_search() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "products_search",
        sa.Column("number", _Number, sa.Identity(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("words", _Words, nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products_product.id"],
            name=op.f("fk_products_search_product_id_products_product"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_products_search")),
        sa.UniqueConstraint("product_id", name=op.f("uq_products_search_product_id")),
    )
    op.create_table(
        "products_search_word",
        sa.Column("word", sortable(70), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_products_search_word")),
    )
    if is_postgresql:
        op.create_index(
            op.f("ix_products_search_words"),
            "products_search",
            ["words"],
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        )
    else:
        op.execute(_FULL_TEXT_INDEX)


def _drop_search() -> None:
    op.drop_table("products_search_word")
    op.drop_table("products_search")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE products_search_index")


def _create_stock() -> None:
    op.create_table(
        "products_location",
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products_location")),
        sa.UniqueConstraint("code", name=op.f("uq_products_location_code")),
    )
    op.create_index(
        "uq_products_location_is_default",
        "products_location",
        ["is_default"],
        unique=True,
        postgresql_where=sa.text("is_default"),
        sqlite_where=sa.text("is_default"),
    )
    op.create_table(
        "products_stock_level",
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("backorder_limit", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "backorder_limit >= 0", name=op.f("ck_products_stock_level_backorder_limit")
        ),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_products_stock_level_on_hand")),
        sa.CheckConstraint(
            "reserved <= on_hand + backorder_limit",
            name=op.f("ck_products_stock_level_reserved_within_supply"),
        ),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_products_stock_level_reserved")),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["products_location.id"],
            name=op.f("fk_products_stock_level_location_id_products_location"),
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["products_variant.id"],
            name=op.f("fk_products_stock_level_variant_id_products_variant"),
        ),
        sa.PrimaryKeyConstraint("variant_id", "location_id", name=op.f("pk_products_stock_level")),
    )
    op.create_table(
        "products_stock_movement",
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("on_hand_delta", sa.Integer(), nullable=False),
        sa.Column("reserved_delta", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Uuid(), nullable=True),
        sa.Column("reference_type", sa.String(length=50), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('receipt', 'adjustment', 'reserve', 'release', 'ship', 'restock')",
            name=op.f("ck_products_stock_movement_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["products_location.id"],
            name=op.f("fk_products_stock_movement_location_id_products_location"),
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["products_variant.id"],
            name=op.f("fk_products_stock_movement_variant_id_products_variant"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products_stock_movement")),
        sa.UniqueConstraint(
            "reference",
            "kind",
            "sequence",
            "variant_id",
            "location_id",
            name="uq_products_stock_movement_effect",
        ),
    )
    op.create_index(
        op.f("ix_products_stock_movement_created_at_id"),
        "products_stock_movement",
        ["created_at", "id"],
    )
    op.create_index(
        op.f("ix_products_stock_movement_variant_id_id"),
        "products_stock_movement",
        ["variant_id", "id"],
    )


def _create_reservations() -> None:
    op.create_table(
        "products_stock_reservation",
        sa.Column("reference", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.CheckConstraint(
            "status IN ('held', 'committed', 'closed', 'released')",
            name=op.f("ck_products_stock_reservation_status"),
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_products_stock_reservation")),
    )
    op.create_index(
        op.f("ix_products_stock_reservation_created_at_reference"),
        "products_stock_reservation",
        ["created_at", "reference"],
    )
    op.create_index(
        "ix_products_stock_reservation_held",
        "products_stock_reservation",
        ["expires_at"],
        postgresql_where=sa.text("status = 'held'"),
        sqlite_where=sa.text("status = 'held'"),
    )
    op.create_table(
        "products_stock_reservation_line",
        sa.Column("reference", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("shipped", sa.Integer(), nullable=False),
        sa.Column("released", sa.Integer(), nullable=False),
        sa.Column("restocked", sa.Integer(), nullable=False),
        sa.Column("is_tracked", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "quantity > 0", name=op.f("ck_products_stock_reservation_line_quantity")
        ),
        sa.CheckConstraint(
            "released >= 0", name=op.f("ck_products_stock_reservation_line_released")
        ),
        sa.CheckConstraint(
            "restocked BETWEEN 0 AND shipped",
            name=op.f("ck_products_stock_reservation_line_restocked"),
        ),
        sa.CheckConstraint(
            "shipped + released <= quantity",
            name=op.f("ck_products_stock_reservation_line_within_quantity"),
        ),
        sa.CheckConstraint("shipped >= 0", name=op.f("ck_products_stock_reservation_line_shipped")),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["products_location.id"],
            name="fk_products_stock_reservation_line_location_id",
        ),
        sa.ForeignKeyConstraint(
            ["reference"],
            ["products_stock_reservation.reference"],
            name="fk_products_stock_reservation_line_reference",
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["products_variant.id"],
            name="fk_products_stock_reservation_line_variant_id",
        ),
        sa.PrimaryKeyConstraint(
            "reference",
            "variant_id",
            "location_id",
            name=op.f("pk_products_stock_reservation_line"),
        ),
    )
    op.create_index(
        op.f("ix_products_stock_reservation_line_variant_id"),
        "products_stock_reservation_line",
        ["variant_id"],
    )
    # ### end Alembic commands ###
