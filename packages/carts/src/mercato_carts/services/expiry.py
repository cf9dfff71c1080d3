"""Carts that do not change: they are announced as abandoned, and deleted later."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from mercato_carts.models import Cart, Line
from mercato_carts.services.preparation import ask
from mercato_carts.services.prices import Contents, contents_of, price_cart
from mercato_carts.settings import CartsSettings
from mercato_carts.topics import ABANDONED
from mercato_contracts.orders import Quoted
from mercato_kit import work
from mercato_kit.db import locked, refreshed, session, utc_now
from mercato_kit.events import Event
from mercato_kit.outbox import publish
from mercato_kit.principals import Principal
from mercato_kit.settings import current_settings

BATCH_SIZE = 100
"""Carts that one run of a job processes at most."""


def announce_abandoned_carts() -> int:
    """Publish ``cart.abandoned`` for carts that do not change; return how many were looked at."""
    return work.run_each(_idle_carts, announce_cart, failure="cart %s could not be announced")


@work.in_steps
def announce_cart(cart_id: UUID) -> bool:
    """Announce a cart that is still idle and not locked, if something in it can be bought.

    Remote providers are asked for its price before the transaction.
    """
    found = work.run(lambda: _find(cart_id), read_only=True)
    if found is None:
        return False
    contents, customer = found
    quoted = price_cart(contents, customer, quote=ask).quoted
    return work.run(lambda: _announce(cart_id, quoted))


def _find(cart_id: UUID) -> tuple[Contents, Principal] | None:
    cart = session.scalar(sa.select(Cart).where(Cart.id == cart_id, _is_idle()))
    return None if cart is None else (contents_of(cart), Principal(sub=cart.customer_id))


def _announce(cart_id: UUID, quoted: Quoted | None) -> bool:
    cart = session.scalar(_lock(cart_id, _is_idle()))
    if cart is None:
        return False
    # The time of the last change stays: it says when the cart expires.
    session.execute(
        sa.update(Cart)
        .where(Cart.id == cart_id)
        .values(abandoned_at=utc_now(), updated_at=Cart.updated_at)
    )
    if quoted is not None:
        publish(_event(cart, quoted.totals.amount_total))
    return True


def delete_expired_carts() -> int:
    """Delete carts that have not changed for a long time; return how many."""
    oldest = utc_now() - timedelta(days=current_settings(CartsSettings).expiry_days)
    ids = sa.select(Cart.id).where(Cart.updated_at < oldest).order_by(Cart.updated_at, Cart.id)
    found = list(session.scalars(locked(ids.limit(BATCH_SIZE), skip_locked=True)))
    delete_carts(Cart.id.in_(found))
    return len(found)


def delete_carts(which: sa.ColumnElement[bool]) -> None:
    """Delete carts with their lines."""
    ids = sa.select(Cart.id).where(which)
    session.execute(sa.delete(Line).where(Line.cart_id.in_(ids)))
    session.execute(sa.delete(Cart).where(which))


def _event(cart: Cart, amount_total: int) -> Event:
    return Event(
        topic=ABANDONED,
        aggregate_type="cart",
        aggregate_id=cart.id,
        aggregate_version=cart.version,
        payload={
            "cart_id": str(cart.id),
            "customer_id": None if cart.customer_id is None else str(cart.customer_id),
            "currency": cart.currency,
            "amount_total": amount_total,
        },
    )


def _idle_carts() -> list[UUID]:
    idle = sa.select(Cart.id).where(_is_idle()).order_by(Cart.updated_at, Cart.id)
    return list(session.scalars(idle.limit(BATCH_SIZE)))


def _is_idle() -> sa.ColumnElement[bool]:
    hours = current_settings(CartsSettings).abandoned_hours
    return sa.and_(
        Cart.status == "open",
        Cart.abandoned_at.is_(None),
        Cart.updated_at < utc_now() - timedelta(hours=hours),
        sa.exists().where(Line.cart_id == Cart.id),
    )


def _lock(cart_id: UUID, condition: sa.ColumnElement[bool]) -> sa.Select[*tuple[Cart]]:
    return refreshed(locked(sa.select(Cart).where(Cart.id == cart_id, condition), skip_locked=True))
