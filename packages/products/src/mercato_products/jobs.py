"""Periodic jobs of products."""

from mercato_kit.jobs import Job
from mercato_products import services

JOBS = [
    # It opens a unit of work for each reservation, so the worker must not open one around it.
    Job("release_orphans", services.release_orphans, every_seconds=60, remote=True),
    Job("relist", services.relist, every_seconds=5),
]
