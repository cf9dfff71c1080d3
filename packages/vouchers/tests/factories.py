"""Valid rows, request bodies and baskets."""

import sqlalchemy as sa

from mercato_contracts.baskets import Basket, BasketLine, Customer
from mercato_contracts.discounts import Use
from mercato_kit.db import new_id, session, utc_now
from mercato_vouchers import services
from mercato_vouchers.models import Redemption, Voucher
from mercato_vouchers.values import NewVoucher

EMAIL = "guest@example.com"


def body_of(**members):
    """Return the body of a voucher: 10 % off by the code TEN."""
    return {"name": "Ten", "kind": "percent", "ppm": 100_000, "code": "TEN", **members}


def make_voucher(**members):
    """Create a voucher of 10 % by the code TEN; return its id."""
    return services.create_voucher(NewVoucher(**body_of(**members))).id


def make_many_vouchers(number):
    """Make vouchers that apply by themselves, and let the database look at them."""
    rows = [{**body_of(code=None), "name": f"Voucher {one}"} for one in range(number)]
    session.execute(sa.insert(Voucher), rows)
    session.execute(sa.text("ANALYZE"))


def line_of(position=0, **members):
    """Return a line of a basket: 2 units of 10.00."""
    values = {
        "product_id": new_id(),
        "variant_id": new_id(),
        "sku": f"SKU-{position}",
        "category_ids": frozenset(),
        "tax_code": None,
        "unit_amount": 1_000,
        "quantity": 2,
        "weight_grams": None,
        "requires_shipping": True,
        **members,
    }
    return BasketLine(position=position, **values)


def basket_of(*codes, lines=None, email=EMAIL, **members):
    """Return the basket of a guest with codes: one line of 20.00 EUR."""
    values = {
        "lines": tuple(lines or [line_of()]),
        "currency": "EUR",
        "at": utc_now(),
        "customer": Customer(None, email),
        **members,
    }
    return Basket(codes=codes, **values)


def use_of(voucher_id, code="TEN", amount=200):
    """Return the use of a voucher."""
    return Use(str(voucher_id), code, amount)


def redeem(voucher_ids, reference=None, **basket):
    """Redeem vouchers for a new order; return the result."""
    uses = [use_of(voucher_id) for voucher_id in voucher_ids]
    return services.redeem_vouchers(reference or new_id(), uses, basket_of(**basket))


def redeemed(voucher_id):
    """Return the counter of a voucher, and the number of its redemptions that were not canceled."""
    counter = session.scalars(sa.select(Voucher.redeemed).where(Voucher.id == voucher_id)).one()
    counted = sa.select(sa.func.count()).where(
        Redemption.voucher_id == voucher_id, Redemption.canceled_at.is_(None)
    )
    return counter, session.scalar(counted)
