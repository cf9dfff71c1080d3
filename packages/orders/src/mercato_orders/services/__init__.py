"""What can be done with orders. Plain values in, models out; nothing here commits."""

from mercato_orders.services.closing import cancel_order
from mercato_orders.services.closing import expire_order
from mercato_orders.services.closing import expire_unpaid_orders
from mercato_orders.services.paying import pay_order
from mercato_orders.services.paying import settle
from mercato_orders.services.paying import start_payment
from mercato_orders.services.placing import place_order
from mercato_orders.services.privacy import erase_customer
from mercato_orders.services.privacy import orders_of
from mercato_orders.services.quoting import quote_order
from mercato_orders.services.reading import find_order
from mercato_orders.services.reading import find_payment
from mercato_orders.services.reading import list_events
from mercato_orders.services.reading import list_orders
from mercato_orders.services.reading import list_payments
from mercato_orders.services.reading import lock_order

__all__ = [
    "cancel_order",
    "erase_customer",
    "expire_order",
    "expire_unpaid_orders",
    "find_order",
    "find_payment",
    "list_events",
    "list_orders",
    "list_payments",
    "lock_order",
    "orders_of",
    "pay_order",
    "place_order",
    "quote_order",
    "settle",
    "start_payment",
]
