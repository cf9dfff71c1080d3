"""Give the discounts of orders that were canceled or have expired back to their providers."""

from collections.abc import Iterator
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.discounts import Discounts
from mercato_kit import work
from mercato_kit.db import locked, session
from mercato_kit.later import later
from mercato_kit.services import fallback, named, names
from mercato_orders.models import Order, PendingGiveBack
from mercato_orders.services.inquiry import calling

BATCH_SIZE = 100
"""Discounts that one run of the job gives back at most."""


def give_back(order: Order) -> None:
    """Give back the discounts of a locked order that was closed before anything was sent.

    Those of a provider that is not composed are remembered, and given back when it is.
    """
    for name in order.discount_providers:
        if not _give_back(name, order.id):
            later(PendingGiveBack, [{"order_id": order.id, "provider": name}])


def give_back_pending() -> int:
    """Give back what could not be given back, each in its own unit of work; return how many."""
    return work.run_each(_due, _settle, failure="discounts of %s could not be given back")


def _give_back(name: str, order_id: UUID) -> bool:
    """Return whether the provider is composed."""
    provider = named(Discounts, name)
    if provider is None:
        return False
    with calling():
        provider.give_back(order_id)
    return True


def _due() -> list[tuple[UUID, str]]:
    key = sa.select(PendingGiveBack.order_id, PendingGiveBack.provider)
    composed = PendingGiveBack.provider.in_(_composed())
    rows = key.where(composed).order_by(PendingGiveBack.order_id).limit(BATCH_SIZE)
    return [(order_id, provider) for order_id, provider in session.execute(rows)]


def _composed() -> Iterator[str]:
    """Return the names of the providers, and of those that replace one that is late."""
    for name in names(Discounts):
        yield name
        if instead := fallback(Discounts, name):
            yield instead.name


def _settle(key: tuple[UUID, str]) -> bool:
    order_id, provider = key
    of = PendingGiveBack.order_id == order_id, PendingGiveBack.provider == provider
    row = session.scalar(locked(sa.select(PendingGiveBack).where(*of), skip_locked=True))
    if row is None or not _give_back(provider, order_id):
        return False
    session.delete(row)
    return True
