"""What the law keeps of paid orders: sealed, for some years, and read by operators alone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from mercato_kit import keys, security
from mercato_kit.db import found, insert, session, utc_now
from mercato_kit.privacy import Retained
from mercato_kit.settings import current_settings
from mercato_orders.models import FISCAL_HOLD, FiscalHold, Order
from mercato_orders.settings import OrdersSettings

HELD = ("customer_name", "billing_address", "shipping_address", "tax_id")
"""What is held of an order, by attribute."""

BATCH = 500


def hold(orders: Sequence[Order]) -> None:
    """Keep what the law asks for of orders that were paid; an order that is held stays as it is."""
    now, years = utc_now(), current_settings(OrdersSettings).fiscal_hold_years
    rows = []
    for order in orders:
        if order.paid_at is None or (until := _until(order.paid_at, years)) <= now:
            continue
        body = {name: getattr(order, name) for name in HELD}
        sealed = keys.seal(FISCAL_HOLD, msgspec.json.encode(body))
        rows.append({"order_id": order.id, "body_sealed": sealed, "until": until})
    if years and rows:
        session.execute(insert(FiscalHold).values(rows).on_conflict_do_nothing())


def retained(order_ids: Sequence[UUID]) -> list[Retained]:
    """Return how many of some orders are held, by the time until when."""
    counted = (
        sa.select(FiscalHold.until, sa.func.count())
        .where(FiscalHold.order_id.in_(order_ids))
        .group_by(FiscalHold.until)
        .order_by(FiscalHold.until)
    )
    return [Retained("fiscal_hold", until, count) for until, count in session.execute(counted)]


def read_hold(number: int) -> dict[str, Any]:
    """Return what is held of an order, by attribute; the security log names the order.

    Raises:
        NotFound: Nothing is held of an order with this number.
        CannotOpen: It was sealed by a key that this deployment does not have.
    """
    statement = sa.select(FiscalHold.order_id, FiscalHold.body_sealed)
    statement = statement.join(Order, Order.id == FiscalHold.order_id).where(Order.number == number)
    order_id, sealed = found(session.execute(statement).one_or_none())
    security.record("fiscal_hold_read", order_id=order_id)
    body: dict[str, Any] = msgspec.json.decode(keys.open(FISCAL_HOLD, sealed))
    return body


def forget_holds() -> int:
    """Delete what need not be held any more; return of how many orders."""
    over = sa.select(FiscalHold.order_id).where(FiscalHold.until <= utc_now()).limit(BATCH)
    deleted = session.execute(
        sa.delete(FiscalHold)
        .where(FiscalHold.order_id.in_(over))
        .returning(FiscalHold.order_id)
        .execution_options(synchronize_session=False)
    )
    return len(deleted.all())


def _until(paid_at: datetime, years: int) -> datetime:
    """Return the end of the calendar year that comes *years* after that of the payment."""
    return datetime(paid_at.year + years + 1, 1, 1, tzinfo=UTC)
