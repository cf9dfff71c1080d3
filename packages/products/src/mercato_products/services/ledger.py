"""Read stock levels, movements and reservations."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.http import Page, PageRequest, conditions, paginate
from mercato_kit.views import Shown
from mercato_products.models import StockMovement
from mercato_products.views import LEVELS, RESERVATIONS


def list_levels(page: PageRequest, **filters: Any) -> Shown:
    """Return a page of stock levels."""
    return LEVELS.page(page, variants=True, **filters)


def list_movements(page: PageRequest, **filters: Any) -> Page[StockMovement]:
    """Return a page of stock movements, by columns of the model."""
    wanted = sa.select(StockMovement).where(*conditions(filters, vars(StockMovement)))
    columns = {"created_at": StockMovement.created_at}
    return paginate(wanted, page, columns=columns, id=StockMovement.id)


def list_reservations(page: PageRequest, **filters: Any) -> Shown:
    """Return a page of reservations with their lines."""
    return RESERVATIONS.page(page, **filters)


def find_reservation(reference: UUID) -> Shown:
    """Return a reservation with its lines.

    Raises:
        NotFound: It does not exist.
    """
    return RESERVATIONS.one(reference=reference)
