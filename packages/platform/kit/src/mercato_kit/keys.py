"""Keys derived from the server key, one for each purpose, and bytes that they seal."""

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mercato_kit.contexts import get_app
from mercato_kit.db import utc_now

ID_BYTES = 4
"""How many bytes at the start of sealed bytes are the id of the key."""

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Key:
    """A secret key for one purpose.

    Args:
        id: 8 hex digits of a hash of the key. They name the key without revealing it.
        secret: The key, 32 bytes.
    """

    id: str
    secret: bytes = field(repr=False)


class CannotOpen(RuntimeError):
    """Sealed bytes were changed, or sealed by a key that this deployment does not have."""


class Sealed(sa.types.TypeDecorator[bytes]):
    """A column of bytes that :func:`seal` made: the worker seals them anew by the current key.

    Args:
        purpose: The purpose that they are sealed for.
    """

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose


def derive(purpose: str) -> Key:
    """Return the secret key for one purpose, the same in every process of a deployment.

    Args:
        purpose: Name of the purpose, e.g. ``users.refresh_token``. Purposes never share a key.
    """
    return _derive(get_app().config["SECRET_KEY"], purpose)


def candidates(purpose: str) -> tuple[Key, ...]:
    """Return the keys that may have signed or sealed something: the current one first.

    The previous server key, ``SECRET_KEY_PREVIOUS``, counts until ``SECRET_KEY_PREVIOUS_UNTIL``.
    """
    config, current = get_app().config, derive(purpose)
    previous = config.get("SECRET_KEY_PREVIOUS")
    if previous is None or config["SECRET_KEY_PREVIOUS_UNTIL"] <= utc_now():
        return (current,)
    return (current, _derive(previous, purpose))


def signing_secrets(purpose: str) -> list[bytes]:
    """Return the secrets of :func:`candidates`, the current one last: as itsdangerous signs."""
    return [key.secret for key in reversed(candidates(purpose))]


def seal(purpose: str, plain: bytes) -> bytes:
    """Encrypt bytes with the current key for a purpose.

    Returns:
        The key's id (4 bytes), a nonce (12 bytes), the encrypted bytes and their tag (16 bytes).

    Source: AES-256-GCM (NIST SP 800-38D) with a random nonce.
    """
    key, nonce = derive(purpose), os.urandom(_NONCE_BYTES)
    name = bytes.fromhex(key.id)
    return name + nonce + AESGCM(key.secret).encrypt(nonce, plain, name)


def open(purpose: str, sealed: bytes) -> bytes:  # noqa: A001 - the opposite of seal
    """Decrypt bytes that :func:`seal` encrypted for the same purpose.

    Raises:
        CannotOpen: They were changed, or no key of :func:`candidates` sealed them.
    """
    name, nonce, encrypted = _parts(sealed)
    for key in candidates(purpose):
        if bytes.fromhex(key.id) == name:
            try:
                return AESGCM(key.secret).decrypt(nonce, encrypted, name)
            except (InvalidTag, ValueError) as error:
                raise CannotOpen(f"what key {key.id} sealed for {purpose!r} was changed") from error
    raise CannotOpen(
        f"something for {purpose!r} was sealed by the key {name.hex()}, which is neither that of "
        "the secret key nor that of an accepted previous one"
    )


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    start = ID_BYTES + _NONCE_BYTES
    return sealed[:ID_BYTES], sealed[ID_BYTES:start], sealed[start:]


@lru_cache(maxsize=256)
def _derive(server_key: Any, purpose: str) -> Key:
    """Derive a key by HKDF-Expand (RFC 5869) with one block; a server key is uniformly random."""
    secret = server_key.encode() if isinstance(server_key, str) else bytes(server_key)
    derived = hmac.digest(secret, f"mercato {purpose}".encode() + b"\x01", hashlib.sha256)
    return Key(hashlib.sha256(b"mercato key id " + derived).hexdigest()[: 2 * ID_BYTES], derived)
