"""Periodic jobs of carts."""

from mercato_carts import services
from mercato_kit.jobs import Job

JOBS = [
    # It opens a unit of work for each cart, so the worker must not open one around it.
    Job(
        "announce_abandoned_carts",
        services.announce_abandoned_carts,
        every_seconds=300,
        remote=True,
    ),
    Job("delete_expired_carts", services.delete_expired_carts, every_seconds=3600),
]
