"""Read all orders for a file, a page at a time."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from mercato_kit.http import PageRequest
from mercato_kit.reads import Read
from mercato_orders.models import Order
from mercato_orders.views import EXPORTED

PAGE = 200
"""Orders that one statement reads, by default."""

_COUNT = Read(
    sa.select(sa.func.count())
    .select_from(Order)
    .where(Order.created_at >= sa.bindparam("since", type_=Order.created_at.type))
)

_ALL = datetime.fromisoformat("1970-01-01T00:00:00Z")


class OrderPage(NamedTuple):
    """Orders in the format of the API, and the cursor of the next page; None after the last."""

    orders: list[dict[str, Any]]
    cursor: str | None


def count_orders(since: datetime | None = None) -> int:
    """Return how many orders were placed since a time."""
    ((count,),) = _COUNT.rows(since=since or _ALL)
    return int(count)


def read_orders(
    since: datetime | None = None, cursor: str | None = None, *, limit: int = PAGE
) -> OrderPage:
    """Return a page of the orders that were placed since a time, oldest first.

    One statement without a transaction, so an export of any length holds no lock.

    Args:
        since: The first time.
        cursor: The cursor of the page before, with the same *since*.
        limit: Orders of a page.

    Raises:
        InvalidCursor: The cursor is of another time, or of another deployment.
    """
    page = PageRequest("created_at", limit, cursor, filter_hash=str(since))
    shown = EXPORTED.page(page, created_at_gte=since or _ALL)
    content = msgspec.json.decode(shown.json())
    return OrderPage(content["data"], content["next_cursor"])
