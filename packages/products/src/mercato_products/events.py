"""Jobs of this feature; it publishes and handles no events."""

from mercato_kit.events import Job
from mercato_products.services.orphans import release_orphan

JOBS = [Job("release_orphans", release_orphan, every_seconds=60)]
