"""Webhooks of Stripe: the signature is verified, and the event is read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from mercato_contracts.payments import BadSignature, Notice
from mercato_payments_stripe.snapshots import id_in, snapshot_of
from mercato_payments_stripe.wire import API_VERSION, Event, Intent, Thing

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mercato_contracts.payments import Snapshot

TOLERANCE_SECONDS: Final = 300
"""A webhook that was signed longer ago, or this far in the future, is refused."""

EVENTS: Final = (
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "charge.refunded",
    "charge.dispute.closed",
    "charge.dispute.created",
    "refund.created",
    "refund.failed",
    "refund.updated",
)
"""The events that the webhook endpoint needs; others are ignored."""

_FINAL = ("payment_intent.canceled", "payment_intent.succeeded")
"""Events that are complete; the others only name the payment, which is then fetched."""

_ABOUT_PAYMENTS = ("payment_intent", "charge", "refund", "dispute")
_HEADER: Final = "stripe-signature"
_TIME = re.compile(r"(?:^|,)t=(\d{1,12})(?:,|$)", re.ASCII)


def notices_of(
    body: bytes,
    headers: Mapping[str, str],
    now: datetime,
    *,
    secrets: Sequence[str],
    installations: Collection[str],
) -> list[Notice]:
    """Return the event of a webhook.

    Args:
        body: As it was received.
        headers: Those of the request, with names in any case.
        now: The current time.
        secrets: One of them has to have signed the body.
        installations: Ids of this installation; events of others are foreign.

    Raises:
        BadSignature: No secret signed it within 300 seconds, or it is malformed.
    """
    header = next((text for name, text in headers.items() if name.lower() == _HEADER), "")
    if not (_is_recent(header, now) and any(_is_signed(body, header, one) for one in secrets)):
        raise BadSignature
    try:
        event = msgspec.json.decode(body, type=Event)
        return [_notice_of(event, installations)]
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadSignature("the body is malformed") from error


def _is_recent(header: str, now: datetime) -> bool:
    """Return whether a header names a time near *now*; the library accepts any in the future."""
    found = _TIME.search(header)
    return found is not None and abs(now.timestamp() - int(found[1])) <= TOLERANCE_SECONDS


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    from stripe import SignatureVerificationError, WebhookSignature  # noqa: PLC0415

    # The library cannot compare other texts, and decodes the body.
    if not header.isascii():
        return False
    try:
        return bool(WebhookSignature.verify_header(body, header, secret))
    except (SignatureVerificationError, UnicodeDecodeError):
        return False


def _notice_of(event: Event, installations: Collection[str]) -> Notice:
    thing = msgspec.json.decode(event.data.object, type=Thing)
    reference = _reference_of(thing)
    is_needed = event.type in EVENTS and reference is not None
    if not is_needed or _is_foreign(thing, installations):
        return Notice(event.id, event.type, foreign=True)
    is_whole = event.type in _FINAL and event.api_version == API_VERSION
    shown = _snapshot_of(event, installations) if is_whole else None
    return Notice(event.id, event.type, id_in(thing.metadata, "payment_id"), reference, shown)


def _reference_of(thing: Thing) -> str | None:
    """Return the id of the payment intent that an event is about; None if it is about another."""
    if thing.object == "payment_intent":
        return thing.id
    if thing.object not in _ABOUT_PAYMENTS or thing.payment_intent is None:
        return None
    found = thing.payment_intent
    return found if isinstance(found, str) else str(found.get("id", ""))


def _is_foreign(thing: Thing, installations: Collection[str]) -> bool:
    """Return whether another installation made it; what staff make at Stripe has none."""
    made_by = (thing.metadata or {}).get("installation")
    return made_by not in installations and (
        made_by is not None or thing.object == "payment_intent"
    )


def _snapshot_of(event: Event, installations: Collection[str]) -> Snapshot:
    intent = msgspec.json.decode(event.data.object, type=Intent)
    return snapshot_of(intent, installations, datetime.fromtimestamp(event.created, UTC))
