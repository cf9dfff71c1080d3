"""Opaque tokens: 256 random bits, or 256 bits derived from the server key."""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

from mercato_kit.keys import derive_key


def new_token() -> str:
    """Return a new random token of 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def successor(token: str) -> str:
    """Return the refresh token that follows *token*. Only the server can derive it."""
    return _mac(derive_key("users.refresh_token"), token)


def one_time_token(purpose: str, nonce: UUID) -> str:
    """Return the token of a mailed link, derived from the nonce of its event.

    The token is not stored: the worker that sends the mail derives it again.
    """
    return _mac(derive_key("users.one_time_token"), f"{purpose} {nonce}")


def digest(token: str) -> str:
    """Return the SHA-256 of a token in hex, as it is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def _mac(key: bytes, text: str) -> str:
    mac = hmac.digest(key, text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
