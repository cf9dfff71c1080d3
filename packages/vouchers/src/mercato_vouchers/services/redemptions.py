"""The uses of vouchers: the verbs ``redeem`` and ``give_back`` of the contract ``discounts``.

Constraints of the database decide between concurrent orders. A unique key over the reference lets
one of identical calls redeem. A unique key over voucher, customer and slot limits the uses of a
customer. A guarded UPDATE, whose rows are locked in the order of their ids, limits the uses of a
voucher; one without a limit is not written at all.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.baskets import Basket
from mercato_contracts.discounts import DiscountGone, Reason, Use
from mercato_kit.db import current_connection, insert, new_id, session, utc_now
from mercato_kit.lists import any_of
from mercato_kit.settings import current_settings
from mercato_vouchers.models import Redemption, Voucher
from mercato_vouchers.services.conditions import refusal
from mercato_vouchers.services.customers import key_of
from mercato_vouchers.services.uses import FREE, INSERT, TAKE, USES, free_slot
from mercato_vouchers.settings import VouchersSettings

Values = Mapping[str, Any]
Found = Mapping[int, Values]
"""The redemptions that were inserted by position: ``position``, ``voucher_id``, ``is_counted``."""


def redeem_vouchers(
    reference: UUID, uses: Sequence[Use], basket: Basket
) -> Literal["redeemed", "already"]:
    """Count the uses of an order, all or none; once by reference.

    Args:
        reference: Id of the order.
        uses: What vouchers took off it.
        basket: What is bought.

    Raises:
        DiscountGone: A limit was reached meanwhile, or the order was canceled before.
    """
    rows = _rows_of(uses)
    if not rows:
        return "redeemed"
    order = _order(reference, basket)
    inserted = _insert(rows, order)
    while missing := [row for row in rows if row["position"] not in inserted]:
        if earlier := _earlier_result(reference, inserted):
            return earlier
        wanted = {row["voucher_id"] for row in missing}
        if used_up := wanted - _redeemable(missing, order):
            _withdraw(reference, ())
            raise _gone(used_up, "used_by_customer", uses)
        # Another order has taken the slot since it was looked up. There is a next one.
        inserted = {**inserted, **_insert(missing, order)}
    _count(reference, inserted, uses)
    return "redeemed"


def give_back_vouchers(reference: UUID) -> bool:
    """Take back the uses of an order that was canceled or has expired.

    Whether they can be used again, the setting ``give_back`` says. An unknown reference is
    recorded, so that it can no longer be redeemed.

    Returns:
        True for the first call with this reference, then False.
    """
    # A concurrent redemption may be committed while the mark waits for it.
    return _cancel(reference) or _mark(reference) or _cancel(reference)


def _rows_of(uses: Sequence[Use]) -> list[dict[str, Any]]:
    """Return a row for each use. The order of vouchers is that in which rows are locked."""
    by_voucher = sorted(uses, key=lambda use: UUID(use.id))
    return [
        {"id": new_id(), "position": place, "voucher_id": UUID(use.id), "amount": use.amount}
        for place, use in enumerate(by_voucher)
    ]


def _order(reference: UUID, basket: Basket) -> Values:
    return {
        "of": reference,
        "customer": basket.customer.id,
        "customer_key": key_of(basket.customer),
        "currency": basket.currency,
        "at": utc_now(),
    }


def _insert(rows: Sequence[Values], order: Values) -> Found:
    """Insert the redemptions whose reference is new, and whose customer has a slot left."""
    connection = current_connection()
    uses = {
        USES.name: USES.dump(rows, connection.dialect),
        "voucher_ids": [row["voucher_id"] for row in rows],
    }
    inserted = INSERT.rows(connection, {**order, **uses})
    return {row["position"]: row for row in inserted}


def _earlier_result(reference: UUID, inserted: Found) -> Literal["already"] | None:
    """Return the result of an earlier call; None if there was none.

    Raises:
        DiscountGone: The order was canceled.
    """
    if 0 in inserted:
        return None
    first = sa.select(Redemption.canceled_at).where(
        Redemption.reference == reference, Redemption.position == 0
    )
    found = session.execute(first).one_or_none()
    if found is None:
        return None
    _delete(reference, list(inserted))
    if found.canceled_at is not None:
        raise DiscountGone(())
    return "already"


def _redeemable(rows: Sequence[Values], order: Values) -> set[UUID]:
    """Return the vouchers that the customer has used less often than is possible."""
    key = order["customer_key"]
    is_free = sa.and_(sa.literal(key is not None), free_slot().is_not(None))
    statement = sa.select(Voucher.id).where(
        any_of(Voucher.id, [row["voucher_id"] for row in rows]),
        sa.or_(Voucher.max_redemptions_per_customer.is_(None), is_free),
    )
    return set(session.scalars(statement, {"customer_key": key}))


def _count(reference: UUID, inserted: Found, uses: Sequence[Use]) -> None:
    """Count the uses of vouchers with a limit.

    Raises:
        DiscountGone: One has none left; nothing was counted.
    """
    counted = [row["voucher_id"] for row in inserted.values() if row["is_counted"]]
    if not counted:
        return
    taken = {row["id"] for row in TAKE.rows(current_connection(), {"voucher_ids": counted})}
    if gone := set(counted) - taken:
        _withdraw(reference, taken)
        raise _gone(gone, "used_up", uses)


def _gone(vouchers: Collection[UUID], reason: Reason, uses: Sequence[Use]) -> DiscountGone:
    codes = [use.code for use in uses if UUID(use.id) in vouchers and use.code is not None]
    return DiscountGone([refusal(code, reason) for code in codes])


def _withdraw(reference: UUID, taken: Collection[UUID]) -> None:
    """Undo what a redemption has written: its caller may catch the exception and commit."""
    session.execute(sa.delete(Redemption).where(Redemption.reference == reference))
    _free(taken)


def _delete(reference: UUID, positions: Sequence[int]) -> None:
    session.execute(
        sa.delete(Redemption).where(
            Redemption.reference == reference, any_of(Redemption.position, positions)
        )
    )


def _cancel(reference: UUID) -> bool:
    """Cancel the redemptions of an order; False if there are none that count."""
    frees = current_settings(VouchersSettings).give_back
    canceled = (
        sa.update(Redemption)
        .where(Redemption.reference == reference, Redemption.canceled_at.is_(None))
        .values(canceled_at=utc_now(), **({"slot": None} if frees else {}))
        .returning(Redemption.voucher_id, Redemption.is_counted)
        .execution_options(synchronize_session=False)
    )
    rows = session.execute(canceled).all()
    if frees:
        _free([row.voucher_id for row in rows if row.is_counted])
    return bool(rows)


def _free(vouchers: Collection[UUID]) -> None:
    """Give uses back to vouchers with a limit."""
    if vouchers:
        FREE.rows(current_connection(), {"voucher_ids": list(vouchers)})


def _mark(reference: UUID) -> bool:
    """Record the cancellation of an order that is unknown; False if it is known."""
    mark = insert(Redemption).values(
        id=new_id(), reference=reference, position=0, canceled_at=utc_now()
    )
    return session.scalar(mark.on_conflict_do_nothing().returning(Redemption.id)) is not None
