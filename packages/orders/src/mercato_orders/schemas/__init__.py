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
from mercato_orders.schemas.privacy import (
    AcceptedRequestSchema,
    NewPrivacyRequestSchema,
    PrivacyHeadersSchema,
    PrivacyLinkSchema,
    PrivacyRequestSchema,
)
from mercato_orders.schemas.quotes import QuoteSchema
from mercato_orders.schemas.refunds import NewRefundSchema, RefundListSchema, RefundSchema
from mercato_orders.schemas.wanted import (
    AccessHeadersSchema,
    CancellationSchema,
    CaptureSchema,
    ClaimSchema,
    NewNoteSchema,
    NewOrderSchema,
    NewPaymentSchema,
    OrderChangesSchema,
    OrderQuerySchema,
    PartQuerySchema,
    WantedQuoteSchema,
)

__all__ = [
    "AcceptedRequestSchema",
    "AccessHeadersSchema",
    "CancellationSchema",
    "CaptureSchema",
    "ClaimSchema",
    "EventPartsSchema",
    "FulfillmentListSchema",
    "FulfillmentSchema",
    "NewFulfillmentSchema",
    "NewNoteSchema",
    "NewOrderSchema",
    "NewPaymentSchema",
    "NewPrivacyRequestSchema",
    "NewRefundSchema",
    "OrderChangesSchema",
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
    "PrivacyHeadersSchema",
    "PrivacyLinkSchema",
    "PrivacyRequestSchema",
    "QuoteSchema",
    "RefundListSchema",
    "RefundSchema",
    "TrackingSchema",
    "WantedQuoteSchema",
]
