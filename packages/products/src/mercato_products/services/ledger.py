"""Read stock levels, movements and reservations.

Filters are values and bounds by name, as in :func:`mercato_kit.http.conditions`.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, selectinload

from mercato_kit.db import found, session
from mercato_kit.http import Page, PageRequest, conditions, paginate
from mercato_products.models import Reservation, ReservationLine, StockLevel, StockMovement, Variant


def list_levels(page: PageRequest, **filters: Any) -> Page[StockLevel]:
    """Return a page of stock levels, filtered by the names in *columns*."""
    columns = {
        "variant_ids": StockLevel.variant_id,
        "sku": Variant.sku,
        "location_id": StockLevel.location_id,
        "available": StockLevel.available,
    }
    wanted = (
        sa.select(StockLevel)
        .join(StockLevel.variant)
        .options(contains_eager(StockLevel.variant))
        .where(*conditions(filters, columns))
    )
    return paginate(wanted, page, columns={"sku": Variant.sku}, id=StockLevel.location_id)


def list_movements(page: PageRequest, **filters: Any) -> Page[StockMovement]:
    """Return a page of stock movements, by columns of the model."""
    wanted = sa.select(StockMovement).where(*conditions(filters, vars(StockMovement)))
    columns = {"created_at": StockMovement.created_at}
    return paginate(wanted, page, columns=columns, id=StockMovement.id)


def list_reservations(
    page: PageRequest, *, variant_id: UUID | None = None, **filters: Any
) -> Page[Reservation]:
    """Return a page of reservations with their lines, by ``status``.

    Args:
        page: The page requested.
        variant_id: Only reservations with a line of this variant.
        **filters: Columns of the model.
    """
    wanted = sa.select(Reservation).where(*conditions(filters, vars(Reservation)))
    if variant_id is not None:
        wanted = wanted.where(Reservation.lines.any(ReservationLine.variant_id == variant_id))
    columns = {"created_at": Reservation.created_at}
    with_lines = wanted.options(selectinload(Reservation.lines))
    return paginate(with_lines, page, columns=columns, id=Reservation.reference)


def find_reservation(reference: UUID) -> Reservation:
    """Return a reservation with its lines.

    Raises:
        NotFound: It does not exist.
    """
    wanted = sa.select(Reservation).where(Reservation.reference == reference)
    return found(session.scalar(wanted.options(selectinload(Reservation.lines))))
