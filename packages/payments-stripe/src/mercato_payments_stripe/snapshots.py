"""From Stripe's objects to the values of the contract."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from mercato_contracts.payments import NextAction, RefundSnapshot, RefundState, Snapshot, State
from mercato_payments_stripe.amounts import from_stripe
from mercato_payments_stripe.wire import Charge, Intent, Metadata, Refund

DECLINED: Final = "abandoned"
"""The reason with which a declined intent is canceled; a void has another one."""

DECIDED_WITHIN: Final = timedelta(days=14)
"""How long a bank takes at most for a payment that is processing."""

BY_SERVER, IN_BROWSER = "server", "browser"
"""Where an intent is confirmed, in its metadata ``confirmed_by``."""

_STATES: Final[dict[str, State]] = {
    "requires_action": "requires_action",
    "processing": "processing",
    "requires_capture": "authorized",
    "succeeded": "captured",
}
_REFUND_STATES: Final[dict[str, RefundState]] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "canceled",
}


def snapshot_of(
    intent: Intent,
    installations: Collection[str],
    observed_at: datetime,
    publishable_key: str | None = None,
) -> Snapshot:
    """Return a payment intent as the contract shows it.

    Raises:
        ValueError: An amount is not a whole number of minor units.
    """
    state, charge = state_of(intent), charge_of(intent)
    return Snapshot(
        state=state,
        amount=from_stripe(intent.amount, intent.currency),
        currency=intent.currency.upper(),
        amount_captured=from_stripe(intent.amount_received, intent.currency),
        refunds=_refunds_of(intent, installations),
        observed_at=observed_at,
        next_action=_action_of(intent, publishable_key) if state == "requires_action" else None,
        error_code=_error_of(intent),
        disputed=charge is not None and charge.disputed,
        authorized_until=_until(charge) if state == "authorized" else None,
        expected_by=_expected_by(intent),
    )


def state_of(intent: Intent) -> State:
    """Return the state of an intent.

    One that nothing has confirmed is ``processing``, or waits for the customer's browser.
    """
    if intent.status == "canceled":
        return "failed" if intent.cancellation_reason == DECLINED else "canceled"
    if intent.status in _STATES:
        return _STATES[intent.status]
    return "requires_action" if _is_in_browser(intent) else "processing"


def is_declined(intent: Intent) -> bool:
    """Return whether an intent was declined and is still open at Stripe.

    A customer whose browser confirms may try again.
    """
    is_open = intent.status == "requires_payment_method"
    return is_open and intent.last_payment_error is not None and not _is_in_browser(intent)


def charge_of(intent: Intent) -> Charge | None:
    """Return the charge of an intent; None if it has none, or if it is not expanded."""
    return intent.latest_charge if isinstance(intent.latest_charge, Charge) else None


def refund_of(refund: Refund, installations: Collection[str]) -> RefundSnapshot:
    """Return a refund as the contract shows it."""
    metadata = refund.metadata or {}
    is_ours = metadata.get("installation") in installations
    return RefundSnapshot(
        _REFUND_STATES[refund.status],
        from_stripe(refund.amount, refund.currency),
        refund.id,
        id_in(metadata, "refund_id") if is_ours else None,
        refund.failure_reason,
    )


def id_in(metadata: Metadata, name: str) -> UUID | None:
    """Return an id from metadata; None if there is none."""
    try:
        return UUID((metadata or {}).get(name, ""))
    except ValueError:
        return None


def _is_in_browser(intent: Intent) -> bool:
    return (intent.metadata or {}).get("confirmed_by") == IN_BROWSER


def _refunds_of(
    intent: Intent, installations: Collection[str]
) -> tuple[RefundSnapshot, ...] | None:
    """Return all refunds; None if they are not all listed."""
    if intent.latest_charge is None:
        return ()
    charge = charge_of(intent)
    if charge is None or charge.refunds is None or charge.refunds.has_more:
        return None
    return tuple(refund_of(one, installations) for one in charge.refunds.data)


def _action_of(intent: Intent, publishable_key: str | None) -> NextAction:
    """Return where the customer goes; without an address, Stripe.js goes on in the browser."""
    action = intent.next_action
    if action is not None and action.redirect_to_url and action.redirect_to_url.url:
        return NextAction("redirect", action.redirect_to_url.url)
    data = {"client_secret": intent.client_secret, "publishable_key": publishable_key}
    return NextAction("client", data={name: text for name, text in data.items() if text})


def _error_of(intent: Intent) -> str | None:
    error, charge = intent.last_payment_error, charge_of(intent)
    code = (error.decline_code or error.code) if error else None
    if state_of(intent) == "failed":
        return code or (charge.failure_code if charge else None) or "declined"
    return code


def _until(charge: Charge | None) -> datetime | None:
    details = charge.payment_method_details if charge else None
    seconds = details.card.capture_before if details and details.card else None
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _expected_by(intent: Intent) -> datetime | None:
    if intent.status != "processing":
        return None
    return datetime.fromtimestamp(intent.created, UTC) + DECIDED_WITHIN
