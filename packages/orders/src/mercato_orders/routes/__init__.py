"""Endpoints of orders. Importing the modules registers their routes on the blueprint."""

from mercato_orders.routes import notes, orders, payments, refunds
from mercato_orders.routes.blueprint import blueprint

__all__ = ["blueprint", "notes", "orders", "payments", "refunds"]
