"""Tables of orders: orders, lines, adjustments, payments, refunds, fulfilments and timeline."""

from mercato_orders.models.base import CHECK_AFTER, NUMBERS, Base, Checked, Counter
from mercato_orders.models.fulfillments import PARCEL_STATUSES, Fulfillment, FulfillmentLine
from mercato_orders.models.holds import FISCAL_HOLD, FiscalHold
from mercato_orders.models.orders import (
    ADJUSTMENT_KINDS,
    ADJUSTMENT_TARGETS,
    FULFILLMENT_STATUSES,
    ORDER_STATUSES,
    PAYMENT_STATUSES,
    Adjustment,
    Line,
    Order,
)
from mercato_orders.models.payments import (
    ACTIVE,
    ATTENTION,
    CAPTURE_STATUSES,
    IN_FLIGHT,
    TO_CHECK,
    Capture,
    Payment,
    PaymentEvent,
)
from mercato_orders.models.records import OrderEvent, PendingGiveBack
from mercato_orders.models.refunds import (
    REFUND_KINDS,
    REFUND_SOURCES,
    REFUND_STATUSES,
    Refund,
    RefundLine,
)
from mercato_orders.models.search import LONGEST_WORD, SearchWord

__all__ = [
    "ACTIVE",
    "ADJUSTMENT_KINDS",
    "ADJUSTMENT_TARGETS",
    "ATTENTION",
    "CAPTURE_STATUSES",
    "CHECK_AFTER",
    "FISCAL_HOLD",
    "FULFILLMENT_STATUSES",
    "IN_FLIGHT",
    "LONGEST_WORD",
    "NUMBERS",
    "ORDER_STATUSES",
    "PARCEL_STATUSES",
    "PAYMENT_STATUSES",
    "REFUND_KINDS",
    "REFUND_SOURCES",
    "REFUND_STATUSES",
    "TO_CHECK",
    "Adjustment",
    "Base",
    "Capture",
    "Checked",
    "Counter",
    "FiscalHold",
    "Fulfillment",
    "FulfillmentLine",
    "Line",
    "Order",
    "OrderEvent",
    "Payment",
    "PaymentEvent",
    "PendingGiveBack",
    "Refund",
    "RefundLine",
    "SearchWord",
]
