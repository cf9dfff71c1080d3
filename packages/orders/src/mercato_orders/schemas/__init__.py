"""JSON schemas of orders."""

from mercato_orders.schemas.fulfillments import (
    FulfillmentListSchema,
    FulfillmentSchema,
    NewFulfillmentSchema,
    TrackingSchema,
)
from mercato_orders.schemas.orders import (
    EventPartsSchema,
    OrderEventListSchema,
    OrderEventSchema,
    OrderListSchema,
    OrderSchema,
    OrderSummarySchema,
    PaymentListSchema,
    PaymentSchema,
    PlacedOrderSchema,
)
from mercato_orders.schemas.quotes import QuoteSchema
from mercato_orders.schemas.wanted import (
    AccessHeadersSchema,
    CancellationSchema,
    NewOrderSchema,
    NewPaymentSchema,
    OrderQuerySchema,
    PartQuerySchema,
    WantedQuoteSchema,
)

__all__ = [
    "AccessHeadersSchema",
    "CancellationSchema",
    "EventPartsSchema",
    "FulfillmentListSchema",
    "FulfillmentSchema",
    "NewFulfillmentSchema",
    "NewOrderSchema",
    "NewPaymentSchema",
    "OrderEventListSchema",
    "OrderEventSchema",
    "OrderListSchema",
    "OrderQuerySchema",
    "OrderSchema",
    "OrderSummarySchema",
    "PartQuerySchema",
    "PaymentListSchema",
    "PaymentSchema",
    "PlacedOrderSchema",
    "QuoteSchema",
    "TrackingSchema",
    "WantedQuoteSchema",
]
