"""Verify access tokens (RFC 7519, 8725, 9068) of the issuer."""

from collections.abc import Mapping
from typing import Any

import jwt

from mercato_kit.errors import Unauthenticated
from mercato_oidc.key_cache import KeyCache
from mercato_oidc.settings import OidcSettings

LONGEST_TOKEN = 16 * 1024
"""Characters; a longer token is refused before it is decoded."""

LONGEST_SUBJECT = 255
"""Characters. Source: OpenID Connect Core 1.0, ``sub``."""

TYPES = frozenset(["jwt", "at+jwt"])
"""Accepted values of the header ``typ``, in lower case without ``application/``; it is optional."""

FOREIGN_CLAIMS = frozenset(["nonce", "at_hash", "c_hash", "events", "cnf"])
"""Claims of ID tokens, of security events and logout tokens, and of tokens bound to a key.

A token bound to a key is valid only with a proof of that key, which this feature does not check.
"""

FOREIGN_KINDS = frozenset(["id", "refresh", "offline", "logout", "dpop"])
"""Refused values of the claims ``typ`` (Keycloak) and ``token_use`` (Cognito), in lower case."""

_REQUIRED = ["aud", "exp", "iss", "sub"]
_LEEWAY_SECONDS = 10


def read(token: str, settings: OidcSettings, keys: KeyCache) -> Mapping[str, Any]:
    """Return the claims of an access token.

    Raises:
        Unauthenticated: The token is not from the issuer, not for this shop, not valid now, or not
            an access token.
        Unavailable: The issuer's keys cannot be fetched now.
    """
    try:
        claims = _read(token, settings, keys)
        _check_claims(claims)
    except (jwt.PyJWTError, ValueError) as error:
        raise Unauthenticated(invalid_token=True) from error
    return claims


def _read(token: str, settings: OidcSettings, keys: KeyCache) -> Mapping[str, Any]:
    if len(token) > LONGEST_TOKEN:
        raise jwt.InvalidTokenError("too long")
    header = jwt.get_unverified_header(token)
    _check_header(header)
    algorithm = header["alg"]
    # Keys are stored by algorithm, so a token cannot make a key be used with another one.
    key = keys.find((header["kid"], algorithm))
    if key is None:
        raise jwt.InvalidKeyError("unknown key")
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        audience=settings.audience,
        issuer=settings.issuer,
        leeway=_LEEWAY_SECONDS,
        options={"require": _REQUIRED},
    )
    return claims


def _check_header(header: Mapping[str, Any]) -> None:
    for name in ("alg", "kid"):
        if not isinstance(header.get(name), str):
            raise jwt.InvalidTokenError(f"no {name}")
    # No extension is supported here, so none may be critical (RFC 7515, 4.1.11).
    if "crit" in header:
        raise jwt.InvalidTokenError("critical extensions")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in TYPES:
        raise jwt.InvalidTokenError("another type of token")


def _check_claims(claims: Mapping[str, Any]) -> None:
    if found := FOREIGN_CLAIMS & claims.keys():
        raise jwt.InvalidTokenError(f"not an access token: {', '.join(sorted(found))}")
    if any(str(claims.get(name)).lower() in FOREIGN_KINDS for name in ("typ", "token_use")):
        raise jwt.InvalidTokenError("not an access token")
    subject = claims["sub"]
    # Control characters and lone surrogates are not valid in an id.
    if not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise jwt.InvalidTokenError("not a subject")
