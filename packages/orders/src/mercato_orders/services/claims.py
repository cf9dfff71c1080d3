"""Put a guest's order into the account of a customer."""

from uuid import UUID

import sqlalchemy as sa

from mercato_kit import security
from mercato_kit.db import session, utc_now
from mercato_kit.errors import Forbidden, NotFound
from mercato_kit.principals import Principal
from mercato_kit.views import Shown
from mercato_orders.access import Actor, hash_token
from mercato_orders.models import Order
from mercato_orders.timeline import CLAIMED, write_entry
from mercato_orders.views import ORDER


def claim_order(number: int, access_token: str, principal: Principal) -> Shown:
    """Let a customer own an order that was placed as a guest. The token gives no access any more.

    Args:
        number: Number of the order.
        access_token: The token that the guest received.
        principal: The customer, with a verified e-mail address.

    Raises:
        Forbidden: The caller has no account with a verified address.
        NotFound: There is no guest's order with the number and the token.
    """
    if principal.sub is None or not principal.email_verified:
        raise Forbidden("This requires an account with a verified e-mail address.")
    order_id = _take(number, hash_token(access_token), principal.sub)
    write_entry(order_id, CLAIMED, Actor("customer", principal.sub), {}, is_public=True)
    security.record("order_claimed", order_id=order_id)
    return ORDER.one(id=order_id)


def _take(number: int, token_hash: str, customer_id: UUID) -> UUID:
    # One statement, so that two customers with one token cannot both own the order.
    taken: UUID | None = session.scalar(
        sa.update(Order)
        .where(
            Order.number == number,
            Order.customer_id.is_(None),
            Order.guest_token_hash == token_hash,
        )
        .values(
            customer_id=customer_id,
            guest_token_hash=None,
            version=Order.version + 1,
            updated_at=utc_now(),
        )
        .returning(Order.id)
        .execution_options(synchronize_session=False)
    )
    if taken is None:
        raise NotFound
    return taken
