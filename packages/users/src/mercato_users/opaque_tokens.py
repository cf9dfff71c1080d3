"""Opaque tokens: 256 random bits, or bits that only the server key can make again."""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

from mercato_kit.keys import derive_key


def new_token() -> str:
    """Return a new random token: 43 characters that fit into a URL."""
    return secrets.token_urlsafe(32)


def successor(token: str) -> str:
    """Return the one refresh token that may follow *token*; only the server can compute it."""
    return _mac(derive_key("users.refresh_token"), token)


def one_time_token(purpose: str, nonce: UUID) -> str:
    """Return the token of a mailed link, from the nonce in the event that asks for the mail.

    The token itself is stored nowhere: the worker computes it again.
    """
    return _mac(derive_key("users.one_time_token"), f"{purpose} {nonce}")


def digest(token: str) -> str:
    """Return what of a token is stored: its SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _mac(key: bytes, text: str) -> str:
    mac = hmac.digest(key, text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
