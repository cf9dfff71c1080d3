"""Calls about payment intents. One that comes too late returns the intent as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mercato_payments_stripe.client import read
from mercato_payments_stripe.snapshots import DECLINED, charge_of, is_declined
from mercato_payments_stripe.wire import Charge, Intent, Refund, Refunds

if TYPE_CHECKING:
    from stripe import StripeClient
    from stripe.params import PaymentIntentConfirmParams

_EXPAND = ["latest_charge.refunds"]
_PAGE = 100
_TOO_LATE = "payment_intent_unexpected_state"


def retrieve(api: StripeClient, reference: str) -> Intent:
    """Return an intent as it is now."""
    return read(api.v1.payment_intents.retrieve(reference, {"expand": _EXPAND}), Intent)


def confirm(
    api: StripeClient, reference: str, method: str, return_url: str | None, key: str
) -> Intent:
    """Charge a payment method, and return the intent; a decline is closed."""
    # Imported where it is called, as in the client.
    from stripe import CardError, InvalidRequestError  # noqa: PLC0415

    how: PaymentIntentConfirmParams = {"payment_method": method, "expand": _EXPAND}
    if return_url:
        how["return_url"] = return_url
    try:
        answer = api.v1.payment_intents.confirm(reference, how, {"idempotency_key": key})
    except CardError:
        return cancel(api, reference, DECLINED)
    except InvalidRequestError as error:
        if error.code != _TOO_LATE:
            raise
        return retrieve(api, reference)
    return read(answer, Intent)


def capture(api: StripeClient, reference: str, amount: int, capture_id: str, key: str) -> Intent:
    """Capture an amount in Stripe's units."""
    answer = api.v1.payment_intents.capture(
        reference,
        {"amount_to_capture": amount, "metadata": {"capture_id": capture_id}, "expand": _EXPAND},
        {"idempotency_key": key},
    )
    return read(answer, Intent)


def void(api: StripeClient, reference: str, key: str) -> Intent:
    """Cancel an intent for the shop."""
    return cancel(api, reference, "requested_by_customer", key)


def cancel(api: StripeClient, reference: str, reason: Any, key: str | None = None) -> Intent:
    """Cancel an intent, and return it; if it cannot be canceled any more, return it as it is.

    Without a key the library makes one: a second cancellation has no effect.
    """
    from stripe import InvalidRequestError  # noqa: PLC0415

    options: Any = {"idempotency_key": key} if key else {}
    try:
        answer = api.v1.payment_intents.cancel(
            reference, {"cancellation_reason": reason, "expand": _EXPAND}, options
        )
    except InvalidRequestError as error:
        if error.code != _TOO_LATE:
            raise
        return retrieve(api, reference)
    return read(answer, Intent)


def settled(api: StripeClient, intent: Intent) -> Intent:
    """Return an intent whose decline is closed, with all its refunds."""
    if is_declined(intent):
        intent = cancel(api, intent.id, DECLINED)
    charge = charge_of(intent)
    if charge is None or charge.refunds is None or not charge.refunds.has_more:
        return intent
    return _with_refunds(intent, charge, _list_refunds(api, intent.id))


def _list_refunds(api: StripeClient, reference: str) -> list[Refund]:
    listed = api.v1.refunds.list({"payment_intent": reference, "limit": _PAGE})
    return [read(one, Refund) for one in listed.auto_paging_iter()]


def _with_refunds(intent: Intent, charge: Charge, refunds: list[Refund]) -> Intent:
    whole = msgspec.structs.replace(charge, refunds=Refunds(refunds))
    return msgspec.structs.replace(intent, latest_charge=whole)
