"""Follow what was sent: it is tracked, arrives, or is canceled."""

from collections.abc import Container, Mapping
from typing import Any
from uuid import UUID

from mercato_kit.db import check_version, session, touch, utc_now
from mercato_orders.access import Caller
from mercato_orders.errors import InvalidTransition
from mercato_orders.models import Fulfillment
from mercato_orders.services.fulfillments.parcels import lock_parcel
from mercato_orders.services.shipments import facts_of, take_back
from mercato_orders.states import FULFILLMENT, move, require
from mercato_orders.timeline import DELIVERED, announce


def deliver_fulfillment(fulfillment_id: UUID, caller: Caller) -> Fulfillment:
    """Record that a fulfilment has arrived.

    Raises:
        NotFound: It does not exist.
        InvalidTransition: It was not sent, or has arrived, or was canceled.
    """
    order, parcel = lock_parcel(fulfillment_id)
    if parcel.status == "delivered":
        raise InvalidTransition("The fulfilment has arrived before.")
    move(parcel, FULFILLMENT, "delivered")
    parcel.delivered_at = utc_now()
    touch(order)
    announce(order, DELIVERED, caller.acts_as(order), facts_of(parcel))
    return parcel


def cancel_fulfillment(fulfillment_id: UUID, caller: Caller) -> Fulfillment:
    """Cancel a fulfilment that has not arrived: its units are still to be sent.

    Raises:
        NotFound: It does not exist.
        InvalidTransition: Its capture is pending, it has arrived, was canceled, or units of it were
            refunded.
    """
    order, parcel = lock_parcel(fulfillment_id)
    if parcel.status == "pending":
        raise InvalidTransition("The capture of its payment is pending.")
    if parcel.status == "canceled":
        raise InvalidTransition("The fulfilment was canceled before.")
    require(order, "reopen")
    take_back(order, parcel, caller.acts_as(order))
    return parcel


def track_fulfillment(
    fulfillment_id: UUID, changes: Mapping[str, Any], *, versions: Container[int]
) -> Fulfillment:
    """Change how a fulfilment is tracked.

    Args:
        fulfillment_id: Id of the fulfilment.
        changes: New values by name of the attribute.
        versions: The versions that the caller accepts.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since.
    """
    order, parcel = lock_parcel(fulfillment_id)
    check_version(parcel, versions)
    for name, value in changes.items():
        setattr(parcel, name, value)
    # The order shows it.
    touch(order)
    session.flush()
    return parcel
