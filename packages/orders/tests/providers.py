"""Fake providers of discounts, shipping and taxes, as frugal as the contracts want real ones."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_contracts.discounts import (
    Discounted,
    DiscountGone,
    Discounts,
    Reduction,
    Refusal,
)
from mercato_contracts.shipping import Method, Shipping
from mercato_contracts.taxes import Assessment, InvalidTaxId, Rate, Tax, Taxes
from mercato_kit import db
from mercato_kit.db import session
from mercato_kit.feature import Feature, Offer
from mercato_kit.privacy import PersonalData, columns
from mercato_testing.fakes import fake


class Base(DeclarativeBase):
    metadata = db.metadata("coupons")
    type_annotation_map = db.TYPES


class Coupon(Base):
    """A discount code, and how often it was and may be redeemed."""

    __tablename__ = "coupons_coupon"

    code: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    ppm: Mapped[int | None]
    amount: Mapped[int | None] = mapped_column(sa.BigInteger)
    off: Mapped[str] = mapped_column(sa.String(20), default="lines")
    combinable: Mapped[bool] = mapped_column(default=True)
    reason: Mapped[str | None] = mapped_column(sa.String(50), doc="Why it does not apply")
    redeemed: Mapped[int] = mapped_column(default=0)
    most: Mapped[int] = mapped_column(default=100)


class CouponUse(Base):
    """A coupon that an order has redeemed."""

    __tablename__ = "coupons_use"

    reference: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(100), primary_key=True)


class Coupons:
    """A fake of the contract discounts on its own tables."""

    def quote(self, basket):
        """Return a reduction or a refusal for each code, with one SELECT."""
        known = session.scalars(sa.select(Coupon).where(Coupon.code.in_(basket.codes))).all()
        return Discounted(
            reductions=tuple(_reduction(one) for one in known if one.reason is None),
            refusals=tuple(
                Refusal(one.code, one.reason, "It does not apply.") for one in known if one.reason
            ),
        )

    def redeem(self, reference, uses, basket):
        """Count the uses, with two statements."""
        codes = [use.code for use in uses]
        rows = [{"reference": reference, "code": code} for code in codes]
        made = db.insert(CouponUse).values(rows).on_conflict_do_nothing()
        if not session.scalars(made.returning(CouponUse.code)).all():
            return "already"
        counted = session.scalars(
            sa.update(Coupon)
            .where(Coupon.code.in_(codes), Coupon.redeemed < Coupon.most)
            .values(redeemed=Coupon.redeemed + 1)
            .returning(Coupon.code)
            .execution_options(synchronize_session=False)
        ).all()
        if gone := set(codes) - set(counted):
            raise DiscountGone([Refusal(code, "used_up", "It is used up.") for code in gone])
        return "redeemed"

    def give_back(self, reference):
        """Take the uses back, with two statements."""
        deleted = sa.delete(CouponUse).where(CouponUse.reference == reference)
        codes = session.scalars(deleted.returning(CouponUse.code)).all()
        session.execute(
            sa.update(Coupon)
            .where(Coupon.code.in_(codes))
            .values(redeemed=Coupon.redeemed - 1)
            .execution_options(synchronize_session=False)
        )
        return bool(codes)


def _reduction(coupon):
    return Reduction(
        id=f"coupon:{coupon.code}",
        label=f"Coupon {coupon.code}",
        code=coupon.code,
        off=coupon.off,
        ppm=coupon.ppm,
        amount=coupon.amount,
        combinable=coupon.combinable,
    )


COUPONS = Feature(
    name="coupons",
    summary="A fake of discounts.",
    metadata=Base.metadata,
    personal_data=PersonalData(
        columns(none=[Coupon.code, Coupon.off, Coupon.reason, CouponUse.code])
    ),
    offers=[Offer(Discounts, "1.0", Coupons)],
)


def _methods(basket):
    """Send to Italy: standard is free above 50.00, express never."""
    session.scalars(sa.select(sa.literal("zones"))).all()
    if basket.shipping_address.country != "IT":
        return ()
    left = sum(line.amount for line in basket.lines)
    standard = Method("standard", "Standard", 0 if left > 5_000 else 490, days_min=2, days_max=4)
    return standard, Method("express", "Express", 1_490)


def _assess(basket):
    """Take 20 % of everything that goes to Italy, and nothing elsewhere."""
    session.scalars(sa.select(sa.literal("rates"))).all()
    if basket.tax_id == "WRONG":
        raise InvalidTaxId
    address = basket.shipping_address
    rate = Rate("it-standard", "IVA 20 %", 200_000)
    if address is not None and address.country != "IT":
        rate = Rate("export", "Export", 0, "export")
    return Assessment(
        included=False,
        lines=(Tax((rate,)),) * len(basket.lines),
        shipping=Tax((rate,)) if basket.shipping else None,
        estimated=address is None,
    )


POST = fake(Shipping, name="post", methods=_methods)
TAXES = fake(Taxes, name="it_taxes", assess=_assess)
ALL = (COUPONS, POST, TAXES)


def make_coupon(code, **values):
    """Insert a coupon: 10 % by default."""
    takes = {} if "amount" in values else {"ppm": 100_000}
    session.add(Coupon(code=code, **(takes | values)))


def redeemed(code):
    """Return how often a coupon was redeemed."""
    return session.get_one(Coupon, code).redeemed
