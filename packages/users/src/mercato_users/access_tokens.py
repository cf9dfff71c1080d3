"""Access tokens: short-lived JWTs signed with Ed25519, and the public key set."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import jwt

from mercato_kit.db import new_id, utc_now
from mercato_kit.errors import Unauthenticated
from mercato_kit.settings import current_settings
from mercato_kit.tokens import Verified, VerifiedTokens
from mercato_users.key_ring import current_ring
from mercato_users.settings import UsersSettings
from mercato_users.signing_keys import ALGORITHM

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


_verified: VerifiedTokens[Claims] = VerifiedTokens()


def issue(claims: Claims, newest_key: str | None) -> str:
    """Return a new access token with *claims*.

    Args:
        claims: The claims.
        newest_key: The newest key that is stored, see :data:`mercato_users.key_ring.NEWEST`.
    """
    key = current_ring().signing_key(newest_key)
    settings, now = current_settings(UsersSettings), utc_now()
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
    headers = {"kid": key.kid, "typ": TYPE}
    return jwt.encode(payload, key.private, algorithm=ALGORITHM, headers=headers)


def read(token: str) -> Claims:
    """Return the claims of an access token of this deployment.

    Raises:
        Unauthenticated: It has expired, or its signature or a claim is wrong.
    """
    settings, known = current_settings(UsersSettings), _verified.find(token)
    if known is None or known.by[0] is not settings or not current_ring().find(known.by[1]):
        known = _verify(token, settings)
        _verified.keep(token, known)
    return known.claims


def _verify(token: str, settings: UsersSettings) -> Verified[Claims]:
    try:
        kid = str(jwt.get_unverified_header(token).get("kid"))
        decoded = jwt.decode_complete(
            token,
            _public_key(kid),
            algorithms=[ALGORITHM],
            issuer=settings.issuer,
            audience=settings.audience,
            # Clocks of other machines may be ahead, so "iat" may be in the future.
            options={"require": _CLAIMS, "strict_aud": True, "verify_iat": False},
        )
        payload = _payload(decoded)
        claims = Claims(UUID(payload["sub"]), UUID(payload["sid"]), int(payload["epoch"]))
        return Verified(claims, (settings, kid), int(payload["exp"]))
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise Unauthenticated(invalid_token=True) from error


def _payload(decoded: Mapping[str, Any]) -> Mapping[str, Any]:
    if decoded["header"].get("typ") != TYPE:
        raise jwt.InvalidTokenError("wrong type of token")
    return cast("Mapping[str, Any]", decoded["payload"])


def _public_key(kid: str) -> jwt.PyJWK:
    jwk = current_ring().find(kid)
    if jwk is None:
        raise jwt.InvalidTokenError("unknown key")
    return jwt.PyJWK(dict(jwk))


def key_set() -> dict[str, Any]:
    """Return the public keys as a JWK set (RFC 7517)."""
    return {"keys": current_ring().public_keys()}
