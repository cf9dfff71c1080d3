"""Access to carts: for the customer, and for holders of the token of a guest's cart."""

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from mercato_carts.models import Cart
from mercato_kit import keys
from mercato_kit.principals import Principal


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of an endpoint.

    Args:
        principal: The authenticated principal.
        access_token: The access token of a guest's cart; None if none was sent.
    """

    principal: Principal
    access_token: str | None = None

    def owns(self) -> sa.ColumnElement[bool]:
        """Return the SQL condition that selects the caller's carts."""
        conditions: list[sa.ColumnElement[bool]] = [sa.false()]
        if self.principal.sub is not None:
            conditions.append(Cart.customer_id == self.principal.sub)
        if self.access_token is not None:
            conditions.append(Cart.guest_token_hash == hash_token(self.access_token))
        return sa.or_(*conditions)


def access_token(cart_id: UUID) -> str:
    """Return the access token of a guest's cart."""
    # Derived from the server's key, so that only its hash is stored.
    key = keys.derive("carts.guest_access").secret
    return hmac.new(key, b"cart " + cart_id.bytes, hashlib.sha256).hexdigest()


def hash_token(token: str) -> str:
    """Return the SHA-256 of a token in hex, as the database stores it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
