"""Keys derived from the server key, one per purpose."""

import hashlib
import hmac
from functools import lru_cache

from mercato_kit.contexts import get_app


def derive_key(purpose: str) -> bytes:
    """Return a secret key of 32 bytes for one purpose, the same in every process of a deployment.

    Args:
        purpose: Name of the purpose, e.g. ``users.refresh_token``. Purposes never share a key.

    Source: HKDF-Expand (RFC 5869) with one block; the server key is already uniformly random.
    """
    return _derive(get_app().config["SECRET_KEY"], purpose)


@lru_cache(maxsize=64)
def _derive(server_key: str | bytes, purpose: str) -> bytes:
    secret = server_key.encode() if isinstance(server_key, str) else bytes(server_key)
    return hmac.digest(secret, f"mercato {purpose}".encode() + b"\x01", hashlib.sha256)
