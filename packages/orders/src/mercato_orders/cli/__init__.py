"""Commands for operators."""

from mercato_orders.cli.orders import orders
from mercato_orders.cli.payments import payments

commands = [orders, payments]

__all__ = ["commands"]
