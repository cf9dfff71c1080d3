"""Export and erase the data of a customer."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.privacy import Erased, Part, PersonalData, Subject, columns
from mercato_vouchers.models import Redemption, Voucher
from mercato_vouchers.schemas import RedemptionSchema, VoucherSchema


def export(subject: Subject) -> Iterator[Part]:
    """Give the vouchers for a customer and the customer's redemptions, oldest first."""
    if subject.account is not None:
        yield Part("vouchers", _dump(VoucherSchema, Voucher, subject))
        yield Part("redemptions", _dump(RedemptionSchema, Redemption, subject))


def erase(subject: Subject) -> Erased:
    """Erase the customer's id in redemptions.

    The vouchers for the customer alone stay, and so fit no one else. Amounts stay for accounting,
    and so does the HMAC that a limit per customer is counted by.
    """
    if subject.account is None:
        return Erased()
    own = sa.update(Redemption).where(Redemption.customer_id == subject.account)
    ids = session.scalars(own.values(customer_id=None).returning(Redemption.id)).all()
    return Erased(counts={"redemptions": len(ids)})


PERSONAL_DATA = PersonalData(
    columns=columns(
        keep=[Redemption.customer_key, Redemption.currency],
        none=[
            Voucher.code,
            Voucher.name,
            Voucher.kind,
            Voucher.amounts,
            Voucher.minimum_amounts,
            Voucher.at_most_amounts,
            Voucher.product_ids,
            Voucher.category_ids,
            Voucher.metadata_,
        ],
    ),
    export=export,
    erase=erase,
)


def _dump(schema: Any, model: Any, subject: Subject) -> Any:
    rows = sa.select(model).where(model.customer_id == subject.account).order_by(model.id)
    return schema(many=True).dump(session.scalars(rows).all())
