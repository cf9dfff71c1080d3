"""Opaque tokens: 256 random bits, or 256 bits derived from a server key."""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

from mercato_kit import keys


def new_token() -> str:
    """Return a new random token of 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def successors(token: str) -> list[str]:
    """Return the refresh tokens that may follow *token*; only the server can derive them.

    The current key derives the first one, the previous key another.
    """
    return [_mac(key, token) for key in keys.candidates("users.refresh_token")]


def one_time_tokens(purpose: str, nonce: UUID) -> list[str]:
    """Return the tokens that a mailed link may have, derived from the nonce of its event.

    The token is not stored: the worker that sends the mail derives it again. The current key
    derives the first one, the previous key another.
    """
    text = f"{purpose} {nonce}"
    return [_mac(key, text) for key in keys.candidates("users.one_time_token")]


def digest(token: str) -> str:
    """Return the SHA-256 of a token in hex, as it is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def _mac(key: keys.Key, text: str) -> str:
    mac = hmac.digest(key.secret, text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
