"""Tables of orders: orders, lines, adjustments, payments and timeline."""

from mercato_orders.models.base import NUMBERS, Base, Counter
from mercato_orders.models.orders import (
    ACTIVE,
    ADJUSTMENT_KINDS,
    ADJUSTMENT_TARGETS,
    FULFILLMENT_STATUSES,
    IN_FLIGHT,
    ORDER_STATUSES,
    PAYMENT_STATUSES,
    Adjustment,
    Line,
    Order,
    Payment,
)
from mercato_orders.models.records import OrderEvent, PendingGiveBack

__all__ = [
    "ACTIVE",
    "ADJUSTMENT_KINDS",
    "ADJUSTMENT_TARGETS",
    "FULFILLMENT_STATUSES",
    "IN_FLIGHT",
    "NUMBERS",
    "ORDER_STATUSES",
    "PAYMENT_STATUSES",
    "Adjustment",
    "Base",
    "Counter",
    "Line",
    "Order",
    "OrderEvent",
    "Payment",
    "PendingGiveBack",
]
