"""Who may see and change an order: its owner, whoever holds a guest order's secret, and staff."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.errors import Forbidden
from mercato_kit.keys import derive_key
from mercato_kit.principals import Principal
from mercato_orders.models import Order


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Args:
        principal: The caller.
        access_token: The secret of a guest's order, where one was sent.
    """

    principal: Principal
    access_token: str | None = None

    def owns(self, order: Order) -> bool:
        """Tell whether *order* is the caller's own."""
        if order.customer_id is not None:
            return order.customer_id == self.principal.sub
        return self._token_hash is not None and order.guest_token_hash == self._token_hash

    def owned(self) -> sa.ColumnElement[bool]:
        """Return the condition that finds the caller's own orders."""
        conditions: list[sa.ColumnElement[bool]] = [sa.false()]
        if self.principal.sub is not None:
            conditions.append(Order.customer_id == self.principal.sub)
        if self._token_hash is not None:
            conditions.append(
                sa.and_(Order.customer_id.is_(None), Order.guest_token_hash == self._token_hash)
            )
        return sa.or_(*conditions)

    def sees(self, *permissions: str) -> sa.ColumnElement[bool]:
        """Return the condition that finds what the caller may know of: all, with a permission."""
        if any(self.principal.may(permission) for permission in permissions):
            return sa.true()
        return self.owned()

    def require(self, permission: str) -> None:
        """Let a holder of *permission* pass.

        Raises:
            Forbidden: The caller does not hold it.
        """
        if not self.principal.may(permission):
            raise Forbidden(f"The permission {permission} is needed.")

    def acts_as(self, order: Order) -> "Actor":
        """Say in which part the caller acts on *order*."""
        if not self.owns(order):
            return Actor("staff", self.principal.sub)
        return Actor("guest" if order.customer_id is None else "customer", self.principal.sub)

    @property
    def _token_hash(self) -> str | None:
        return None if self.access_token is None else hash_token(self.access_token)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, as the timeline tells it."""

    type: Literal["customer", "guest", "staff", "system"]
    id: UUID | None = None


SYSTEM = Actor("system")


def access_token(order_id: UUID) -> str:
    """Return the secret that opens a guest's order: the same each time, so it is never stored."""
    key = derive_key("orders.guest_access")
    return hmac.new(key, b"order " + order_id.bytes, hashlib.sha256).hexdigest()


def access_token_of(answer: Mapping[str, Any]) -> str | None:
    """Return the secret for the answer to a new order; None where the order has an owner."""
    return None if answer["customer_id"] else access_token(UUID(answer["id"]))


def hash_token(token: str) -> str:
    """Return what the database knows of a secret: its SHA-256, in hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
