"""Commands for operators."""

from mercato_orders.cli.payments import payments

commands = [payments]

__all__ = ["commands"]
