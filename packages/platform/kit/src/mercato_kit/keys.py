"""One server key, and one key derived from it for each purpose."""

import hashlib
import hmac

from flask import current_app


def derive_key(purpose: str) -> bytes:
    """Return 32 secret bytes for one purpose, the same in every process of a deployment.

    Args:
        purpose: What the key is for, e.g. ``users.refresh_token``. Two purposes never share a key.

    Source: HKDF-Expand (RFC 5869) with one block; the server key is already uniformly random.
    """
    server_key = current_app.config["SECRET_KEY"]
    secret = server_key.encode() if isinstance(server_key, str) else bytes(server_key)
    return hmac.digest(secret, f"mercato {purpose}".encode() + b"\x01", hashlib.sha256)
