"""Services of products: they take plain values and never commit."""

from mercato_products.services.adjustments import Adjusted, adjust_stock
from mercato_products.services.categories import (
    create_category,
    delete_category,
    find_category,
    list_categories,
    update_category,
)
from mercato_products.services.handles import make_handle
from mercato_products.services.holds import reserve_units
from mercato_products.services.ledger import (
    find_reservation,
    list_levels,
    list_movements,
    list_reservations,
)
from mercato_products.services.listings import refresh_listings
from mercato_products.services.media import replace_media
from mercato_products.services.options import make_option_key, name_variant
from mercato_products.services.orphans import release_orphans
from mercato_products.services.prices import set_price
from mercato_products.services.products import (
    archive_product,
    create_product,
    show_product,
    update_product,
)
from mercato_products.services.queries import list_products
from mercato_products.services.quotes import quote_variants
from mercato_products.services.relisting import reindex, relist
from mercato_products.services.reservations import (
    commit_reservation,
    extend_reservation,
    release_units,
)
from mercato_products.services.search import refresh_words
from mercato_products.services.shipments import restock_units, ship_units, unship_units
from mercato_products.services.variants import (
    add_variant,
    archive_variant,
    list_variants,
    list_variants_of,
    show_variant,
    update_variant,
)

__all__ = [
    "Adjusted",
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
    "find_reservation",
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
    "refresh_listings",
    "refresh_words",
    "reindex",
    "release_orphans",
    "release_units",
    "relist",
    "replace_media",
    "reserve_units",
    "restock_units",
    "set_price",
    "ship_units",
    "show_product",
    "show_variant",
    "unship_units",
    "update_category",
    "update_product",
    "update_variant",
]
