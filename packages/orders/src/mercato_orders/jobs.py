"""Periodic jobs of orders."""

from mercato_kit.jobs import Job
from mercato_orders import services

# The jobs open a unit of work for each order, so the worker must not open one around them.
JOBS = [
    Job("expire_unpaid_orders", services.expire_unpaid_orders, every_seconds=30, remote=True),
    Job("give_back_discounts", services.give_back_pending, every_seconds=60, remote=True),
]
