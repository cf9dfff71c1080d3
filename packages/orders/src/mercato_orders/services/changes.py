"""Change the note, the address and the metadata of an order."""

from collections.abc import Container, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.baskets import Address
from mercato_kit.db import check_version, session
from mercato_kit.errors import FieldError, Forbidden, Invalid
from mercato_kit.views import Shown
from mercato_orders.access import Caller
from mercato_orders.errors import InvalidTransition
from mercato_orders.models import Line, Order
from mercato_orders.permissions import WRITE
from mercato_orders.search import words_of
from mercato_orders.services.queries import lock_order
from mercato_orders.timeline import CHANGED, write_entry
from mercato_orders.values import StoredAddress, stored_address
from mercato_orders.views import ORDER

_ATTRIBUTES = {"metadata": "metadata_"}

_PRICED_FOR = ("country", "region", "postal_code")
"""What taxes and shipping depend on. Staff may change all but the country."""


def change_order(
    order_id: UUID, changes: Mapping[str, Any], caller: Caller, *, versions: Container[int]
) -> Shown:
    """Change an order, and record in its timeline which members were changed.

    Its owner may change the note and the address until something is sent. The price stays.

    Args:
        order_id: The order.
        changes: New values by name: ``note``, ``shipping_address``, ``metadata``.
        caller: Who changes it.
        versions: The versions that the caller accepts.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
        Forbidden: The caller lacks the permission ``orders.write``.
        StaleVersion: It has changed since.
        InvalidTransition: It is closed, or the owner changes what is sent already.
        Invalid: The price depends on the part of the address that is changed.
    """
    order = lock_order(order_id, caller)
    _check_allowed(order, changes, caller)
    check_version(order, versions)
    _check_state(order, changes, caller)
    changed = _set(order, _stored(order, changes, caller))
    if "shipping_address" in changed:
        order.search_words = words_of(order.customer_name, order.shipping_address)
    if changed:
        session.flush()
        write_entry(order.id, CHANGED, caller.acts_as(order), {"changed": changed}, is_public=True)
    return ORDER.one(id=order_id)


def _check_allowed(order: Order, changes: Mapping[str, Any], caller: Caller) -> None:
    if not caller.owns(order):
        caller.require(WRITE)
    if "metadata" in changes and not caller.principal.may(WRITE):
        raise Forbidden(f"Metadata requires the permission {WRITE}.")


def _check_state(order: Order, changes: Mapping[str, Any], caller: Caller) -> None:
    """Check that the state of an order allows *changes*; staff may always write notes."""
    if caller.principal.may(WRITE):
        is_refused = "shipping_address" in changes and order.status != "open"
    else:
        is_refused = order.status != "open" or _is_sent(order)
    if is_refused:
        raise InvalidTransition


def _is_sent(order: Order) -> bool:
    """Return whether units of an order are sent, or will be as soon as they are paid."""
    if order.fulfillment_status != "unfulfilled":
        return True
    pending = sa.exists().where(Line.order_id == order.id, Line.quantity_pending > 0)
    return bool(session.scalar(sa.select(pending)))


def _stored(order: Order, changes: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """Return *changes* as the database keeps them."""
    stored = {_ATTRIBUTES.get(name, name): value for name, value in changes.items()}
    address: Address | None = stored.get("shipping_address")
    if address is not None:
        stored["shipping_address"] = given = stored_address(address) or {}
        _check_priced_for(order.shipping_address or {}, given, caller)
    return stored


def _check_priced_for(before: StoredAddress, after: StoredAddress, caller: Caller) -> None:
    fixed = _PRICED_FOR[:1] if caller.principal.may(WRITE) else _PRICED_FOR
    text = "The price of the order depends on it, so it cannot be changed."
    errors = [
        FieldError(f"/shipping_address/{name}", "priced", text)
        for name in fixed
        if before.get(name) != after.get(name)
    ]
    if errors:
        raise Invalid(errors=errors)


def _set(order: Order, values: Mapping[str, Any]) -> list[str]:
    """Set the attributes that differ; return the names of their members."""
    changed = [name for name, value in values.items() if getattr(order, name) != value]
    for name in changed:
        setattr(order, name, values[name])
    return [name.rstrip("_") for name in changed]
