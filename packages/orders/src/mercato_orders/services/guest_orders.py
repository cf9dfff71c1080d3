"""How often guests of one network may order."""

from flask import has_request_context

from mercato_kit import limits
from mercato_kit.contexts import get_request
from mercato_kit.http.addresses import counted_as
from mercato_kit.limits import Take
from mercato_kit.settings import current_settings
from mercato_orders.settings import OrdersSettings


def count_guest_order() -> None:
    """Count an order of a guest by the network of the request.

    Raises:
        TooManyRequests: Too many were placed from there.
    """
    settings = current_settings(OrdersSettings)
    if settings.guest_order_burst and has_request_context():
        network = counted_as(get_request().remote_addr)
        burst, every = settings.guest_order_burst, settings.guest_order_seconds
        limits.require(Take("orders.guest", network, burst=burst, every=every))
