"""Verify access tokens (RFC 7519, 8725, 9068) of the issuer."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jwt

from mercato_kit.errors import Unauthenticated
from mercato_kit.tokens import Verified, VerifiedTokens
from mercato_oidc.key_cache import KeyCache
from mercato_oidc.key_set import KeyName, PublicKey
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


class _Verifier(NamedTuple):
    settings: OidcSettings
    name: KeyName
    key: PublicKey


_verified: VerifiedTokens[Mapping[str, Any]] = VerifiedTokens()


def read(token: str, settings: OidcSettings, keys: KeyCache) -> Mapping[str, Any]:
    """Return the claims of an access token.

    Raises:
        Unauthenticated: The token is not from the issuer, not for this shop, not valid now, or not
            an access token.
        Unavailable: The issuer's keys cannot be fetched now.
    """
    known = _verified.find(token)
    if known is None or not _is_current(known.by, settings, keys):
        known = _verify(token, settings, keys)
        _verified.keep(token, known)
    return known.claims


def _is_current(by: _Verifier, settings: OidcSettings, keys: KeyCache) -> bool:
    """Return whether the issuer still has the key; keys that were fetched again are others."""
    return by.settings == settings and keys.find(by.name) is by.key


def _verify(token: str, settings: OidcSettings, keys: KeyCache) -> Verified[Mapping[str, Any]]:
    try:
        by = _find_key(token, settings, keys)
        claims = _decode(token, by)
        _check_claims(claims)
    except (jwt.PyJWTError, ValueError) as error:
        raise Unauthenticated(invalid_token=True) from error
    return Verified(claims, by, int(claims["exp"]))


def _find_key(token: str, settings: OidcSettings, keys: KeyCache) -> _Verifier:
    if len(token) > LONGEST_TOKEN:
        raise jwt.InvalidTokenError("too long")
    header = jwt.get_unverified_header(token)
    _check_header(header)
    # Keys are stored by algorithm, so a token cannot make a key be used with another one.
    name = header["kid"], header["alg"]
    key = keys.find(name)
    if key is None:
        raise jwt.InvalidKeyError("unknown key")
    return _Verifier(settings, name, key)


def _decode(token: str, by: _Verifier) -> Mapping[str, Any]:
    _, algorithm = by.name
    claims: dict[str, Any] = jwt.decode(
        token,
        by.key,
        algorithms=[algorithm],
        audience=by.settings.audience,
        issuer=by.settings.issuer,
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
