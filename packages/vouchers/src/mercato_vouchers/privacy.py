"""Export and erase the data of a customer."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_vouchers.models import Redemption, Voucher
from mercato_vouchers.schemas import RedemptionSchema, VoucherSchema


def export_subject(customer_id: UUID) -> dict[str, Any]:
    """Return the vouchers for a customer and the customer's redemptions, oldest first."""
    return {
        "vouchers": _dump(VoucherSchema, Voucher, customer_id),
        "redemptions": _dump(RedemptionSchema, Redemption, customer_id),
    }


def erase_subject(customer_id: UUID) -> None:
    """Erase the customer's id in redemptions.

    The vouchers for the customer alone stay, and so fit no one else. Amounts stay for accounting,
    and so does the HMAC that a limit per customer is counted by.
    """
    own = sa.update(Redemption).where(Redemption.customer_id == customer_id)
    session.execute(own.values(customer_id=None))


def _dump(schema: Any, model: Any, customer_id: UUID) -> Any:
    rows = sa.select(model).where(model.customer_id == customer_id).order_by(model.id)
    return schema(many=True).dump(session.scalars(rows).all())
