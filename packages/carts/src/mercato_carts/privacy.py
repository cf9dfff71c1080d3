"""Export and erase the carts of a customer."""

from collections.abc import Iterator

import sqlalchemy as sa

from mercato_carts import services
from mercato_carts.models import Cart, Line
from mercato_carts.schemas import ExportedCartSchema
from mercato_kit.db import session
from mercato_kit.privacy import Erased, Part, PersonalData, Subject, columns


def export(subject: Subject) -> Iterator[Part]:
    """Give all carts of a customer, oldest first."""
    statement = sa.select(Cart).where(_own(subject)).order_by(Cart.id)
    schema = ExportedCartSchema(many=True)  # type: ignore[no-untyped-call]  # marshmallow leaves it out
    yield Part("carts", schema.dump(session.scalars(statement).all()))


def erase(subject: Subject) -> Erased:
    """Delete the carts of a customer, and those that were merged into them."""
    own = _own(subject)
    ids = session.scalars(sa.select(Cart.id).where(own)).all()
    services.delete_carts(Cart.merged_into.in_(sa.select(Cart.id).where(own)))
    services.delete_carts(own)
    return Erased(ids, {"carts": len(ids)})


PERSONAL_DATA = PersonalData(
    columns=columns(
        erase=[
            Cart.guest_token_hash,
            Cart.status,
            Cart.currency,
            Cart.codes,
            Cart.metadata_,
            Line.sku,
            Line.name,
            Line.variant_name,
            Line.image_url,
        ]
    ),
    export=export,
    erase=erase,
)


def _own(subject: Subject) -> sa.ColumnElement[bool]:
    return sa.false() if subject.account is None else Cart.customer_id == subject.account
