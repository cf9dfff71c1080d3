"""The caller of the current request, and the contract that authenticates bearer tokens."""

import unicodedata
from typing import Protocol, cast

from flask import g, has_request_context, request
from werkzeug.local import LocalProxy

from mercato_kit import services
from mercato_kit.errors import Unauthenticated
from mercato_kit.principals import GUEST, Principal


def canonical_email(address: str) -> str:
    """Return the canonical form of an e-mail address: equal for all spellings of one address."""
    folded = unicodedata.normalize("NFKC", address).casefold()
    # Case folding can produce characters that NFKC would compose, so normalize again.
    return unicodedata.normalize("NFKC", folded).strip()


class IdentityProvider(Protocol):
    """Authenticates bearer tokens. One feature of a deployment offers it."""

    def authenticate(self, token: str) -> Principal:
        """Return the principal of *token*.

        Raises:
            Unauthenticated: The token is invalid, expired or revoked.
            Unavailable: The token cannot be checked now.
        """
        ...


def _principal() -> Principal:
    if "mercato_principal" not in g:
        g.mercato_principal = _authenticate() if has_request_context() else GUEST
    return cast("Principal", g.mercato_principal)


current_principal: Principal = cast("Principal", LocalProxy(_principal))
"""The caller of the current request; a guest if no credentials were sent."""


def known_principal() -> Principal:
    """Return the caller if it was authenticated already, else a guest. Reads no credentials."""
    return cast("Principal", g.get("mercato_principal", GUEST)) if has_request_context() else GUEST


def _authenticate() -> Principal:
    header = request.headers.get("Authorization")
    if header is None:
        return GUEST
    scheme, _, token = header.partition(" ")
    provider = services.find(IdentityProvider)
    if scheme.lower() != "bearer" or not token.strip() or provider is None:
        raise Unauthenticated(invalid_token=True)
    return provider.authenticate(token.strip())
