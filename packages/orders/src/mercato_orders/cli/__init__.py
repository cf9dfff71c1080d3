"""Commands for operators."""

from mercato_orders.cli.orders import commands

__all__ = ["commands"]
