"""Periodic jobs of products."""

from mercato_kit.jobs import Job
from mercato_products import services

# The job opens a unit of work for each reservation, so the worker must not open one around it.
JOBS = [Job("release_orphans", services.release_orphans, every_seconds=60, remote=True)]
