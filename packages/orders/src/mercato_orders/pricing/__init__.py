"""The price of an order: pure functions of values, exact to the minor unit.

A basket is priced in two stages, for a quote as for an order: :func:`take_off` subtracts the
reductions that providers of discounts offered, then :func:`add_tax` applies the rates that the
provider of taxes gave for the amounts that are left. Money belongs to a line or to shipping.
"""

from mercato_orders.pricing.codes import plain_codes, repeated
from mercato_orders.pricing.discounts import NotCombinable, take_off
from mercato_orders.pricing.lines import basket_of, priced_order
from mercato_orders.pricing.taxes import add_tax
from mercato_orders.pricing.values import (
    TAX_RELIEF,
    Adjustment,
    Offered,
    Priced,
    PricedLine,
    PricedOrder,
    Reduced,
)

__all__ = [
    "TAX_RELIEF",
    "Adjustment",
    "NotCombinable",
    "Offered",
    "Priced",
    "PricedLine",
    "PricedOrder",
    "Reduced",
    "add_tax",
    "basket_of",
    "plain_codes",
    "priced_order",
    "repeated",
    "take_off",
]
