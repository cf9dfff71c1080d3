"""Periodic jobs of orders."""

from mercato_kit.jobs import Job
from mercato_orders import services

# The jobs open units of work themselves, so the worker must not open one around them.
JOBS = [
    Job("expire_unpaid_orders", services.expire_unpaid_orders, every_seconds=30, remote=True),
    Job("settle_events", services.settle_events, every_seconds=5, remote=True),
    Job("reconcile_payments", services.reconcile_payments, every_seconds=5, remote=True),
    Job("announce_expiring", services.announce_expiring, every_seconds=600, remote=True),
    Job("forget_holds", services.forget_holds, every_seconds=3600),
    Job("forget_bodies", services.forget_bodies, every_seconds=3600),
    Job("give_back_discounts", services.give_back_pending, every_seconds=60, remote=True),
]
