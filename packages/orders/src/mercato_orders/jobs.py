"""Periodic jobs of orders."""

from mercato_kit.jobs import Job
from mercato_orders import services

# The job opens a unit of work for each order, so the worker must not open one around it.
JOBS = [Job("expire_unpaid_orders", services.expire_unpaid_orders, every_seconds=30, remote=True)]
