"""The caller of the current request, and the contract that authenticates bearer tokens."""

import unicodedata
from typing import Protocol
from typing import cast

from flask import g
from flask import has_request_context
from flask import request
from werkzeug.local import LocalProxy

from mercato_kit import services
from mercato_kit.errors import Unauthenticated
from mercato_kit.principals import GUEST
from mercato_kit.principals import Principal


def canonical_email(address: str) -> str:
    """Return the form in which two ways to write one e-mail address are equal."""
    folded = unicodedata.normalize("NFKC", address).casefold()
    # Folding can leave what normalizing would compose.
    return unicodedata.normalize("NFKC", folded).strip()


class IdentityProvider(Protocol):
    """Who a bearer token belongs to. One feature of a deployment offers it."""

    def authenticate(self, token: str) -> Principal:
        """Return the principal *token* was issued to.

        Raises:
            Unauthenticated: The token is not ours, not valid any more, or revoked.
            Unavailable: Whether the token is valid cannot be known now.
        """
        ...


def _principal() -> Principal:
    if "mercato_principal" not in g:
        g.mercato_principal = _authenticate() if has_request_context() else GUEST
    return cast("Principal", g.mercato_principal)


current_principal: Principal = cast("Principal", LocalProxy(_principal))
"""The caller of this request; a guest where no credentials were sent."""


def _authenticate() -> Principal:
    header = request.headers.get("Authorization")
    if header is None:
        return GUEST
    scheme, _, token = header.partition(" ")
    provider = services.find(IdentityProvider)
    if scheme.lower() != "bearer" or not token.strip() or provider is None:
        raise Unauthenticated(invalid_token=True)
    return provider.authenticate(token.strip())
