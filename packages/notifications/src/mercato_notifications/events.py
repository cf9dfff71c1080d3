"""Mail customers and staff about events of orders. Orders know nothing of them.

Handlers read the order and post a mail in their own transaction.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from mercato_contracts.orders import Orders, Record
from mercato_kit.events import Event, Handler
from mercato_kit.services import get
from mercato_kit.settings import current_settings
from mercato_notifications import services
from mercato_notifications.settings import NotificationsSettings
from mercato_notifications.values import Posted

Values = Mapping[str, Any]

_AMOUNTS: Final = ("amount_subtotal", "amount_discount", "amount_shipping", "amount_tax")


def mail_placed(event: Event) -> None:
    """Mail a customer what was ordered."""
    _to_customer(event, "order_placed")


def mail_paid(event: Event) -> None:
    """Mail a customer that the payment arrived."""
    _to_customer(event, "order_paid")


def mail_shipped(event: Event) -> None:
    """Mail a customer what is in a parcel."""
    parcel = event.payload["fulfillment"]
    units = {line["line_id"]: line["quantity"] for line in parcel["lines"]}
    _to_customer(event, "order_shipped", {"parcel": parcel["sequence"]}, units)


def mail_refunded(event: Event) -> None:
    """Mail a customer that money was given back."""
    _to_customer(event, "order_refunded", {"amount": event.payload["refund"]["amount"]})


def mail_canceled(event: Event) -> None:
    """Mail a customer that the order was canceled."""
    _to_customer(event, "order_canceled")


def mail_expired(event: Event) -> None:
    """Mail a customer that the order was not paid in time."""
    _to_customer(event, "order_expired")


def mail_refund_failed(event: Event) -> None:
    """Mail staff that a refund failed."""
    _to_staff(event, "refund_failed", {"amount": event.payload["refund"]["amount"]})


def mail_authorization_expiring(event: Event) -> None:
    """Mail staff that an authorised amount has to be captured soon."""
    payment = event.payload["payment"]
    _to_staff(event, "authorization_expiring", {"amount": payment["amount"]})


MAILS = [
    Handler("order.placed", mail_placed),
    Handler("order.paid", mail_paid),
    Handler("order.shipped", mail_shipped),
    Handler("order.refunded", mail_refunded),
    Handler("order.canceled", mail_canceled),
    Handler("order.expired", mail_expired),
    Handler("order.refund_failed", mail_refund_failed),
    Handler("order.authorization_expiring", mail_authorization_expiring),
]


def _to_customer(
    event: Event, name: str, more: Values | None = None, units: Mapping[str, int] | None = None
) -> None:
    """Post a mail about an order; none if the customer's data was erased meanwhile.

    Args:
        event: The event, whose amounts and lines the mail shows.
        name: Of the template.
        more: Further values for the template.
        units: By id of the line, where the mail does not show all units.
    """
    record = get(Orders).get_many([event.aggregate_id]).get(event.aggregate_id)
    if record is None or record.email is None:
        return
    posted = Posted(
        key=str(event.id),
        template=f"notifications.{name}",
        to=record.email,
        locale=record.locale,
        context={**_of_event(event), "lines": _lines(event, record, units), **(more or {})},
        subject=record.customer_id,
    )
    services.post(posted)


def _to_staff(event: Event, name: str, more: Values) -> None:
    """Post a mail to staff, if there is an address for it."""
    settings = current_settings(NotificationsSettings)
    if settings.staff_email is None:
        return
    posted = Posted(
        key=str(event.id),
        template=f"notifications.{name}",
        to=settings.staff_email,
        locale=settings.locale,
        context={**_of_event(event), **more},
    )
    services.post(posted)


def _of_event(event: Event) -> dict[str, Any]:
    payload = event.payload
    names = ("number", "currency", "tax_included", "amount_total", *_AMOUNTS)
    return {
        **{name: payload[name] for name in names},
        "order_id": str(event.aggregate_id),
        "happened_at": event.created_at.isoformat(),
    }


def _lines(event: Event, record: Record, units: Mapping[str, int] | None) -> list[dict[str, Any]]:
    """Return the lines with their names, which events do not have."""
    names = {line.variant_id: line.name for line in record.lines}
    return [
        {
            "name": names.get(UUID(line["variant_id"]), line["sku"]),
            "quantity": line["quantity"] if units is None else units[line["line_id"]],
            "amount": line["amount_total"],
        }
        for line in event.payload["lines"]
        if units is None or line["line_id"] in units
    ]
