"""Endpoints of orders. Importing the modules registers their routes on the blueprint."""

from mercato_orders.routes import orders, payments, webhooks
from mercato_orders.routes.blueprint import blueprint

__all__ = ["blueprint", "orders", "payments", "webhooks"]
