"""Export and erase the carts of a customer."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_carts import services
from mercato_carts.models import Cart
from mercato_carts.schemas import ExportedCartSchema
from mercato_kit.db import session


def export_subject(customer_id: UUID) -> dict[str, Any]:
    """Return all carts of a customer, oldest first."""
    statement = sa.select(Cart).where(Cart.customer_id == customer_id).order_by(Cart.id)
    schema = ExportedCartSchema(many=True)  # type: ignore[no-untyped-call]  # marshmallow leaves it out
    return {"carts": schema.dump(session.scalars(statement).all())}


def erase_subject(customer_id: UUID) -> None:
    """Delete the carts of a customer, and those that were merged into them."""
    own = sa.select(Cart.id).where(Cart.customer_id == customer_id)
    services.delete_carts(Cart.merged_into.in_(own))
    services.delete_carts(Cart.customer_id == customer_id)
