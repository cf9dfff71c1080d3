"""Access to orders: for the owner, holders of a guest order's token, and staff."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import keys
from mercato_kit.db import session
from mercato_kit.errors import Forbidden
from mercato_kit.principals import Principal
from mercato_orders.models import Order


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of an endpoint.

    Args:
        principal: The authenticated principal.
        access_token: The access token of a guest's order; None if none was sent.
    """

    principal: Principal
    access_token: str | None = None

    def owns(self, order: Order) -> bool:
        """Return whether the caller owns *order*."""
        if order.customer_id is not None:
            return order.customer_id == self.principal.sub
        return self._token_hash is not None and order.guest_token_hash == self._token_hash

    def owned(self) -> sa.ColumnElement[bool]:
        """Return the SQL condition that selects the caller's own orders."""
        conditions: list[sa.ColumnElement[bool]] = [sa.false()]
        if self.principal.sub is not None:
            conditions.append(Order.customer_id == self.principal.sub)
        if self._token_hash is not None:
            conditions.append(
                sa.and_(Order.customer_id.is_(None), Order.guest_token_hash == self._token_hash)
            )
        return sa.or_(*conditions)

    def sees(self, *permissions: str) -> sa.ColumnElement[bool]:
        """Return the SQL condition that selects the orders the caller may see.

        A holder of any of *permissions* sees all orders.
        """
        if any(self.principal.may(permission) for permission in permissions):
            return sa.true()
        return self.owned()

    def owner(self) -> Mapping[str, Any]:
        """Return what the caller's own orders are found by, for views."""
        return {"customer": self.principal.sub, "token_hash": self._token_hash}

    def require(self, permission: str) -> None:
        """Check that the caller holds *permission*.

        Raises:
            Forbidden: The caller does not hold it.
        """
        if not self.principal.may(permission):
            raise Forbidden(f"This requires the permission {permission}.")

    def acts_as(self, order: Order) -> "Actor":
        """Return the caller as an actor of the timeline of *order*."""
        if not self.owns(order):
            return Actor("staff", self.principal.sub)
        return Actor("guest" if order.customer_id is None else "customer", self.principal.sub)

    @property
    def _token_hash(self) -> str | None:
        return None if self.access_token is None else hash_token(self.access_token)


@dataclass(frozen=True, slots=True)
class Actor:
    """The actor of a timeline entry."""

    type: Literal["customer", "guest", "staff", "system"]
    id: UUID | None = None


SYSTEM = Actor("system")

_PURPOSE = "orders.guest_access"


def access_token(order_id: UUID) -> str:
    """Return the access token of a new order of a guest."""
    # Derived from the server's key: a repeated request gets the same token, and only its hash
    # is stored.
    return _access_token(keys.derive(_PURPOSE), order_id)


def issued_token(order_id: UUID) -> str:
    """Return the access token that the order of a guest was given, also by the previous key."""
    current, *previous = (_access_token(key, order_id) for key in keys.candidates(_PURPOSE))
    if not previous:
        return current
    stored = session.scalar(sa.select(Order.guest_token_hash).where(Order.id == order_id))
    return next((one for one in previous if hash_token(one) == stored), current)


def access_token_of(answer: Mapping[str, Any]) -> str | None:
    """Return the access token for the response to a new order; None if a customer owns it."""
    return None if answer["customer_id"] else issued_token(UUID(answer["id"]))


def _access_token(key: keys.Key, order_id: UUID) -> str:
    return hmac.new(key.secret, b"order " + order_id.bytes, hashlib.sha256).hexdigest()


def hash_token(token: str) -> str:
    """Return the SHA-256 of a token in hex, as the database stores it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
