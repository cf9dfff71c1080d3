"""Jobs of this feature; it publishes and handles no events."""

from mercato_kit.jobs import Job
from mercato_products.services.orphans import release_orphans

# The job opens a unit of work for each promise, so the worker must not open one around it.
JOBS = [Job("release_orphans", release_orphans, every_seconds=60, remote=True)]
