"""Who is calling, who says so, and what they may do."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from typing import Protocol
from typing import cast
from uuid import UUID

from flask import g
from flask import has_request_context
from flask import request
from werkzeug.local import LocalProxy

from mercato_kit import services
from mercato_kit.errors import Forbidden
from mercato_kit.errors import Unauthenticated


def canonical_email(address: str) -> str:
    """Return the form in which two ways to write one e-mail address are equal."""
    folded = unicodedata.normalize("NFKC", address).casefold()
    # Folding can leave what normalizing would compose.
    return unicodedata.normalize("NFKC", folded).strip()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling.

    ``sub`` is None for a guest; it is the id other features store beside their rows.
    """

    sub: UUID | None = None
    kind: Literal["user", "service", "guest"] = "guest"
    email: str | None = None
    email_verified: bool = False
    permissions: frozenset[str] = frozenset()
    session_id: UUID | None = None
    name: str | None = None

    def may(self, permission: str) -> bool:
        """Tell whether the caller holds *permission*."""
        return permission in self.permissions


GUEST = Principal()


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


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may call a route. Checked before the body is read.

    Args:
        name: What the API documents: ``anyone``, ``signed_in`` or a permission.
        allows: Whether a principal may call.
    """

    name: str
    allows: Callable[[Principal], bool]

    def check(self, principal: Principal) -> None:
        """Let *principal* pass, or refuse.

        Raises:
            Unauthenticated: A guest where somebody must be known.
            Forbidden: Somebody without the permission.
        """
        if self.allows(principal):
            return
        if principal.kind == "guest":
            raise Unauthenticated
        raise Forbidden(f"The permission {self.name} is needed.")


anyone = Policy("anyone", lambda principal: True)
signed_in = Policy("signed_in", lambda principal: principal.kind != "guest")


def permission(name: str) -> Policy:
    """Return the policy of a route that only holders of the permission *name* may call."""
    return Policy(name, lambda principal: principal.may(name))
