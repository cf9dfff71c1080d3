"""Events that orders answers, and what its worker does again and again."""

from mercato_kit.events import Event
from mercato_kit.events import Handler
from mercato_kit.jobs import Job
from mercato_orders import services
from mercato_orders import timeline


def forget_customer(event: Event) -> None:
    """Forget the user that was erased."""
    services.erase_customer(event.aggregate_id)


PUBLISHES = [timeline.PLACED, timeline.PAID, timeline.CANCELED, timeline.EXPIRED]

HANDLES = [Handler("user.erased", forget_customer)]

# The job opens a unit of work for each order, so the worker must not open one around it.
JOBS = [Job("expire_unpaid_orders", services.expire_unpaid_orders, every_seconds=30, remote=True)]
