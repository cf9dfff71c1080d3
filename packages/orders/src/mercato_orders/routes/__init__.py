"""Endpoints of orders. Importing the modules registers their routes on the blueprint."""

from mercato_orders.routes import fulfillments, notes, orders, payments, privacy, refunds, webhooks
from mercato_orders.routes.blueprint import blueprint

__all__ = [
    "blueprint",
    "fulfillments",
    "notes",
    "orders",
    "payments",
    "privacy",
    "refunds",
    "webhooks",
]
