"""Send units of orders, and follow them."""

from mercato_orders.services.fulfillments.changes import (
    cancel_fulfillment,
    deliver_fulfillment,
    track_fulfillment,
)
from mercato_orders.services.fulfillments.requests import FulfillmentRequest, send_unshippable

__all__ = [
    "FulfillmentRequest",
    "cancel_fulfillment",
    "deliver_fulfillment",
    "send_unshippable",
    "track_fulfillment",
]
