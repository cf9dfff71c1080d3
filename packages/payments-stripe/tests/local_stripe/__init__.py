"""A local Stripe for tests: the endpoints that the wheel calls, over HTTP, with state and faults.

It keeps Stripe's rules: which fields and errors there are, what an idempotency key gets a second
time, and what is too late. Its clock can be moved. It keeps everything in an SQLite file, so that
it can be killed.
"""

from .methods import METHODS
from .server import KEY, WEBHOOK_SECRET, LocalStripe, prepared

__all__ = ["KEY", "METHODS", "WEBHOOK_SECRET", "LocalStripe", "prepared"]
