"""Services of carts. They take plain values, return models and never commit."""

from mercato_carts.services.carts import find_cart, open_cart
from mercato_carts.services.checkout import check_out
from mercato_carts.services.expiry import (
    announce_abandoned_carts,
    delete_carts,
    delete_expired_carts,
)
from mercato_carts.services.lines import add_units, remove_line, set_codes, set_quantity
from mercato_carts.services.merging import merge_cart
from mercato_carts.services.preparation import prepare_price
from mercato_carts.services.presentation import show_cart
from mercato_carts.services.prices import Price

__all__ = [
    "Price",
    "add_units",
    "announce_abandoned_carts",
    "check_out",
    "delete_carts",
    "delete_expired_carts",
    "find_cart",
    "merge_cart",
    "open_cart",
    "prepare_price",
    "remove_line",
    "set_codes",
    "set_quantity",
    "show_cart",
]
