"""Services of products. They take plain values, return models and never commit."""

from mercato_products.services.adjustments import Adjusted
from mercato_products.services.adjustments import adjust_stock
from mercato_products.services.categories import create_category
from mercato_products.services.categories import delete_category
from mercato_products.services.categories import find_category
from mercato_products.services.categories import list_categories
from mercato_products.services.categories import update_category
from mercato_products.services.handles import make_handle
from mercato_products.services.ledger import find_reservation
from mercato_products.services.ledger import list_levels
from mercato_products.services.ledger import list_movements
from mercato_products.services.ledger import list_reservations
from mercato_products.services.media import replace_media
from mercato_products.services.options import make_option_key
from mercato_products.services.options import name_variant
from mercato_products.services.orphans import release_orphans
from mercato_products.services.prices import set_price
from mercato_products.services.products import archive_product
from mercato_products.services.products import create_product
from mercato_products.services.products import find_product
from mercato_products.services.products import update_product
from mercato_products.services.queries import ProductSummary
from mercato_products.services.queries import list_products
from mercato_products.services.quotes import quote_variants
from mercato_products.services.reservations import commit_reservation
from mercato_products.services.reservations import extend_reservation
from mercato_products.services.reservations import release_units
from mercato_products.services.reservations import reserve_units
from mercato_products.services.reservations import restock_units
from mercato_products.services.reservations import ship_units
from mercato_products.services.variants import add_variant
from mercato_products.services.variants import archive_variant
from mercato_products.services.variants import find_variant
from mercato_products.services.variants import list_variants
from mercato_products.services.variants import list_variants_of
from mercato_products.services.variants import update_variant

__all__ = [
    "Adjusted",
    "ProductSummary",
    "add_variant",
    "adjust_stock",
    "archive_product",
    "archive_variant",
    "commit_reservation",
    "create_category",
    "create_product",
    "delete_category",
    "extend_reservation",
    "find_category",
    "find_product",
    "find_reservation",
    "find_variant",
    "list_categories",
    "list_levels",
    "list_movements",
    "list_products",
    "list_reservations",
    "list_variants",
    "list_variants_of",
    "make_handle",
    "make_option_key",
    "name_variant",
    "quote_variants",
    "release_orphans",
    "release_units",
    "replace_media",
    "reserve_units",
    "restock_units",
    "set_price",
    "ship_units",
    "update_category",
    "update_product",
    "update_variant",
]
