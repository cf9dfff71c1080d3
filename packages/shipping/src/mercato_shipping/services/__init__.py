"""Services of shipping: they take plain values and never commit."""

from mercato_shipping.services.imports import import_zones
from mercato_shipping.services.offers import choose_amount, offer_methods
from mercato_shipping.services.zones import (
    all_zones,
    create_zone,
    delete_zone,
    find_zone,
    list_zones,
    replace_zone,
)

__all__ = [
    "all_zones",
    "choose_amount",
    "create_zone",
    "delete_zone",
    "find_zone",
    "import_zones",
    "list_zones",
    "offer_methods",
    "replace_zone",
]
