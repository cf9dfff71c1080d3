"""Access tokens: short-lived JWTs signed with Ed25519, and the public key set."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from mercato_kit.db import new_id, utc_now
from mercato_kit.errors import Unauthenticated
from mercato_kit.keys import derive_key
from mercato_kit.settings import current_settings
from mercato_users.settings import UsersSettings

ALGORITHM = "EdDSA"
TYPE = "at+jwt"

_CLAIMS = ["iss", "aud", "exp", "iat", "sub", "sid", "jti", "epoch"]


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of an access token.

    Args:
        user_id: Id of the user.
        session_id: Id of the session that issued the token.
        epoch: The user's token epoch at that time.
    """

    user_id: UUID
    session_id: UUID
    epoch: int


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and its public JWK."""

    private: Ed25519PrivateKey
    jwk: dict[str, str]


def issue(claims: Claims) -> str:
    """Return a new access token with *claims*."""
    settings, key, now = current_settings(UsersSettings), signing_key(), utc_now()
    payload = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "iat": now,
        "exp": now + timedelta(seconds=settings.access_token_seconds),
        "sub": str(claims.user_id),
        "sid": str(claims.session_id),
        "jti": str(new_id()),
        "epoch": claims.epoch,
    }
    headers = {"kid": key.jwk["kid"], "typ": TYPE}
    return jwt.encode(payload, key.private, algorithm=ALGORITHM, headers=headers)


def read(token: str) -> Claims:
    """Return the claims of an access token of this deployment.

    Raises:
        Unauthenticated: It has expired, or its signature or a claim is wrong.
    """
    settings, key = current_settings(UsersSettings), signing_key()
    try:
        decoded = jwt.decode_complete(
            token,
            key.private.public_key(),
            algorithms=[ALGORITHM],
            issuer=settings.issuer,
            audience=settings.audience,
            # Clocks of other machines may be ahead, so "iat" may be in the future.
            options={"require": _CLAIMS, "strict_aud": True, "verify_iat": False},
        )
        payload = _payload(decoded)
        return Claims(UUID(payload["sub"]), UUID(payload["sid"]), int(payload["epoch"]))
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise Unauthenticated(invalid_token=True) from error


def _payload(decoded: Mapping[str, Any]) -> Mapping[str, Any]:
    if decoded["header"].get("typ") != TYPE:
        raise jwt.InvalidTokenError("wrong type of token")
    return cast("Mapping[str, Any]", decoded["payload"])


def signing_key() -> SigningKey:
    """Return the deployment's key: the one in the settings, or one derived from the server key."""
    configured = current_settings(UsersSettings).signing_key
    if configured is None:
        return _from_seed(derive_key("users.access_token"))
    return _from_pem(configured.reveal())


def key_mistake() -> str | None:
    """Return what is wrong with the key in the settings, for the health check; None if valid."""
    try:
        signing_key()
    except (ValueError, TypeError) as error:
        return f"the setting signing_key cannot be read: {error}"
    return None


def key_set() -> dict[str, Any]:
    """Return the public keys as a JWK set (RFC 7517)."""
    return {"keys": [signing_key().jwk]}


@lru_cache(maxsize=16)
def _from_seed(seed: bytes) -> SigningKey:
    return _with_jwk(Ed25519PrivateKey.from_private_bytes(seed))


@lru_cache(maxsize=16)
def _from_pem(pem: str) -> SigningKey:
    private = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise TypeError("it must be an Ed25519 private key")
    return _with_jwk(private)


def _with_jwk(private: Ed25519PrivateKey) -> SigningKey:
    """Return *private* with its JWK; ``kid`` is the thumbprint (RFC 7638)."""
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    members = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    thumbprint = _base64url(hashlib.sha256(canonical).digest())
    return SigningKey(private, {**members, "kid": thumbprint, "use": "sig", "alg": ALGORITHM})


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
