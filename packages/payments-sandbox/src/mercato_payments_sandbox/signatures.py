"""Signatures of webhooks: Standard Webhooks 1.0."""

import base64
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime

TOLERANCE_SECONDS = 300
"""A webhook that was signed longer ago, or this far in the future, is refused."""


def headers_of(secret: str, event_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a webhook."""
    seconds = str(int(now.timestamp()))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{_sign(secret, event_id, seconds, body)}",
    }


def is_signed(
    secrets: Iterable[str], headers: Mapping[str, str], now: datetime, body: bytes
) -> bool:
    """Return whether one of *secrets* signed a webhook not long ago. The names have any case."""
    given = {name.lower(): value for name, value in headers.items()}
    event_id, seconds = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) < 12):
        return False
    if abs(now.timestamp() - int(seconds)) > TOLERANCE_SECONDS:
        return False
    # Bytes, because a text with other than ASCII characters cannot be compared.
    signatures = given.get("webhook-signature", "").encode().split()
    expected = [f"v1,{_sign(secret, event_id, seconds, body)}".encode() for secret in secrets]
    return any(hmac.compare_digest(one, two) for one in signatures for two in expected)


def _sign(secret: str, event_id: str, seconds: str, body: bytes) -> str:
    content = f"{event_id}.{seconds}.".encode() + body
    return base64.b64encode(hmac.digest(secret.encode(), content, "sha256")).decode()
