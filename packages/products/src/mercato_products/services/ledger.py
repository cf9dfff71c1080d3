"""Read stock levels, movements and reservations."""

from typing import Any
from uuid import UUID

from mercato_kit.http import PageRequest
from mercato_kit.views import Shown
from mercato_products.views import LEVELS, MOVEMENTS, RESERVATIONS


def list_levels(page: PageRequest, **filters: Any) -> Shown:
    """Return a page of stock levels."""
    return LEVELS.page(page, variants=True, **filters)


def list_movements(page: PageRequest, **filters: Any) -> Shown:
    """Return a page of stock movements."""
    return MOVEMENTS.page(page, **filters)


def list_reservations(page: PageRequest, **filters: Any) -> Shown:
    """Return a page of reservations with their lines."""
    return RESERVATIONS.page(page, **filters)


def find_reservation(reference: UUID) -> Shown:
    """Return a reservation with its lines.

    Raises:
        NotFound: It does not exist.
    """
    return RESERVATIONS.one(reference=reference)
