"""Read stock levels, movements and reservations."""

import operator
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, selectinload

from mercato_kit.db import session
from mercato_kit.errors import NotFound
from mercato_kit.http import Page, PageRequest, paginate
from mercato_products.models import Reservation, ReservationLine, StockLevel, StockMovement, Variant

_COMPARE = {"gte": operator.ge, "gt": operator.gt, "lte": operator.le, "lt": operator.lt}


def list_levels(
    page: PageRequest,
    *,
    variant_ids: Sequence[UUID] | None = None,
    sku: Sequence[str] | None = None,
    location_id: UUID | None = None,
    available_lte: int | None = None,
) -> Page[StockLevel]:
    """Return a page of stock levels.

    Args:
        page: The page requested.
        variant_ids: Only levels of these variants.
        sku: Only levels of variants with one of these SKUs.
        location_id: Only levels at this location.
        available_lte: Only levels with at most this many available units.
    """
    wanted = (
        sa.select(StockLevel).join(StockLevel.variant).options(contains_eager(StockLevel.variant))
    )
    if variant_ids is not None:
        wanted = wanted.where(StockLevel.variant_id.in_(variant_ids))
    if sku is not None:
        wanted = wanted.where(Variant.sku.in_(sku))
    if location_id is not None:
        wanted = wanted.where(StockLevel.location_id == location_id)
    if available_lte is not None:
        wanted = wanted.where(StockLevel.available <= available_lte)
    return paginate(wanted, page, columns={"sku": Variant.sku}, id=StockLevel.location_id)


def list_movements(
    page: PageRequest,
    *,
    variant_id: UUID | None = None,
    reference: UUID | None = None,
    kind: Sequence[str] | None = None,
    created_at: Mapping[str, datetime] | None = None,
) -> Page[StockMovement]:
    """Return a page of stock movements.

    Args:
        page: The page requested.
        variant_id: Only movements of this variant.
        reference: Only movements with this reference, e.g. of an order.
        kind: Only movements of these kinds.
        created_at: Bounds of the time, by ``gte``, ``gt``, ``lte`` or ``lt``.
    """
    wanted = sa.select(StockMovement)
    if variant_id is not None:
        wanted = wanted.where(StockMovement.variant_id == variant_id)
    if reference is not None:
        wanted = wanted.where(StockMovement.reference == reference)
    if kind is not None:
        wanted = wanted.where(StockMovement.kind.in_(kind))
    for bound, instant in (created_at or {}).items():
        wanted = wanted.where(_COMPARE[bound](StockMovement.created_at, instant))
    columns = {"created_at": StockMovement.created_at}
    return paginate(wanted, page, columns=columns, id=StockMovement.id)


def list_reservations(
    page: PageRequest, *, status: Sequence[str] | None = None, variant_id: UUID | None = None
) -> Page[Reservation]:
    """Return a page of reservations with their lines.

    Args:
        page: The page requested.
        status: Only reservations with one of these statuses.
        variant_id: Only reservations with a line of this variant.
    """
    wanted = sa.select(Reservation).options(selectinload(Reservation.lines))
    if status is not None:
        wanted = wanted.where(Reservation.status.in_(status))
    if variant_id is not None:
        holders = sa.select(ReservationLine.reference).where(
            ReservationLine.variant_id == variant_id
        )
        wanted = wanted.where(Reservation.reference.in_(holders))
    columns = {"created_at": Reservation.created_at}
    return paginate(wanted, page, columns=columns, id=Reservation.reference)


def find_reservation(reference: UUID) -> Reservation:
    """Return a reservation with its lines.

    Raises:
        NotFound: It does not exist.
    """
    reservation = session.scalar(
        sa.select(Reservation)
        .where(Reservation.reference == reference)
        .options(selectinload(Reservation.lines))
    )
    if reservation is None:
        raise NotFound
    return reservation
