"""The caller of the current request, and the contract that authenticates bearer tokens."""

import re
from typing import Protocol, cast

from flask import has_request_context
from werkzeug.local import LocalProxy

from mercato_kit import services
from mercato_kit.contexts import get_globals, get_request
from mercato_kit.errors import Unauthenticated
from mercato_kit.principals import GUEST, Principal

# One token of RFC 9110's token68. Servers join repeated headers with commas, which it excludes.
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.ASCII | re.IGNORECASE)


class IdentityProvider(Protocol):
    """Authenticates bearer tokens. One feature of a deployment offers it."""

    def authenticate(self, token: str) -> Principal:
        """Return the principal of *token*.

        Raises:
            Unauthenticated: The token is invalid, expired or revoked.
            Unavailable: The token cannot be checked now.
        """
        ...


def authenticate(*, as_guest: bool) -> Principal:
    """Identify the caller of the current request, before its policy is checked, and return it.

    The rule is the same on every route. A request without ``Authorization`` is a guest's. Where
    there is the header, it must be one valid bearer token, also where guests may call.

    Args:
        as_guest: Do not read the header; the caller is a guest.

    Raises:
        Unauthenticated: The header is anything but one valid bearer token.
        Unavailable: The token cannot be checked now.
    """
    if as_guest:
        get_globals().mercato_principal = GUEST
    return get_principal()


def get_principal() -> Principal:
    """Return the caller of the current request itself; see :data:`current_principal`."""
    kept = get_globals()
    principal: Principal | None = kept.get("mercato_principal")
    if principal is None:
        principal = kept.mercato_principal = _authenticate() if has_request_context() else GUEST
    return principal


current_principal: Principal = cast("Principal", LocalProxy(get_principal))
"""The caller of the current request; a guest if no credentials were sent."""


def known_principal() -> Principal:
    """Return the caller if it was authenticated already, else a guest. Reads no credentials."""
    if not has_request_context():
        return GUEST
    return cast("Principal", get_globals().get("mercato_principal", GUEST))


def _authenticate() -> Principal:
    header = get_request().environ.get("HTTP_AUTHORIZATION")
    if header is None:
        return GUEST
    sent = _BEARER.fullmatch(header.strip(" \t"))
    provider = services.find(IdentityProvider)
    if sent is None or provider is None:
        raise Unauthenticated(invalid_token=True)
    return provider.authenticate(sent[1])
