"""A fake shop that implements the contracts catalog and orders on its own tables.

Code TEN takes 10 % off, GONE is used up, IDLE has no effect, and others are unknown. An address has
the shipping method ``post.standard`` for 4.90.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_contracts.catalog import Catalog, Quote, QuoteLine, VariantUnavailable
from mercato_contracts.orders import (
    FieldFault,
    OrderLine,
    OrderRefused,
    Orders,
    Placed,
    Quoted,
    QuotedMethod,
    Totals,
)
from mercato_kit import db
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.feature import Feature, Offer, Referent
from mercato_kit.privacy import PersonalData, columns

STANDARD = "post.standard"
CARRIAGE = 490
VALID_UNTIL = datetime(2040, 1, 1, tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = db.metadata("shop")
    type_annotation_map = db.TYPES


class Item(db.Identified, Base):
    """A variant for sale, and its units in stock."""

    __tablename__ = "shop_item"

    sku: Mapped[str] = mapped_column(sa.String(50))
    unit_amount: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.CHAR(3), default="EUR")
    in_stock: Mapped[int] = mapped_column(default=100)


class Order(db.Identified, Base):
    """An order."""

    __tablename__ = "shop_order"
    __table_args__ = (sa.UniqueConstraint("reference"),)

    reference: Mapped[UUID]
    customer_id: Mapped[UUID | None]
    email: Mapped[str] = mapped_column(sa.String(254))
    amount_total: Mapped[int] = mapped_column(sa.BigInteger)
    data: Mapped[dict[str, Any]]


class ShopCatalog:
    """A fake of the contract catalog."""

    def quote(self, lines, currency, at):
        """Price all lines or none."""
        found = sa.select(Item).where(Item.id.in_(lines), Item.currency == currency)
        items = {item.id: item for item in session.scalars(found)}
        if missing := lines.keys() - items.keys():
            raise VariantUnavailable(missing)
        quoted = tuple(_quote_line(items[variant_id]) for variant_id in lines)
        return Quote(quoted, currency, VALID_UNTIL)


def _quote_line(item):
    return QuoteLine(
        variant_id=item.id,
        product_id=item.id,
        sku=item.sku,
        name=f"Product {item.sku}",
        variant_name="Oak",
        unit_amount=item.unit_amount,
        available=item.in_stock,
    )


class ShopOrders:
    """A fake of the part of the contract orders that carts call."""

    def prepare(self, wanted):
        """Do nothing: no provider is remote."""
        return

    def quote(self, wanted, prepared=None):
        """Price lines, codes and shipping."""
        if len(wanted.lines) > 100:
            raise _invalid("/lines", "max_length")
        quote = self._catalog_quote(wanted)
        _check_codes(wanted.discount_codes)
        ppm = 100_000 if "TEN" in wanted.discount_codes else 0
        quantities = {line.variant_id: line.quantity for line in wanted.lines}
        lines = tuple(
            _order_line(place, line, quantities[line.variant_id], ppm)
            for place, line in enumerate(quote.lines)
        )
        return Quoted(
            totals=_totals(wanted, lines),
            lines=lines,
            parts=(),
            shipping_methods=_methods(wanted),
            warnings=tuple(_warnings(wanted, quote, quantities)),
            valid_until=quote.valid_until,
        )

    def _catalog_quote(self, wanted):
        quantities = {line.variant_id: line.quantity for line in wanted.lines}
        try:
            return ShopCatalog().quote(quantities, wanted.currency, utc_now())
        except VariantUnavailable as error:
            ids = [str(variant_id) for variant_id in error.variant_ids]
            members = {"variant_ids": ids}
            raise OrderRefused(409, "variant_unavailable", members=members) from error

    def place(self, reference, wanted, prepared=None):
        """Place an order once by reference."""
        if placed := session.scalar(sa.select(Order).where(Order.reference == reference)):
            return _placed(placed, already=True)
        quoted = self.quote(wanted, prepared)
        if wanted.customer.email is None:
            raise _invalid("/email", "required")
        if any(warning["code"] == "insufficient_stock" for warning in quoted.warnings):
            raise OrderRefused(409, "insufficient_stock")
        total = quoted.totals.amount_total
        if wanted.expected_amount_total not in (None, total):
            raise OrderRefused(409, "price_changed", members={"amount_total": total})
        order = Order(
            id=new_id(),
            reference=reference,
            customer_id=wanted.customer.id,
            email=wanted.customer.email,
            amount_total=total,
            data={
                "codes": list(wanted.discount_codes),
                "note": wanted.note,
                "lines": {str(line.variant_id): line.quantity for line in wanted.lines},
            },
        )
        session.add(order)
        session.flush()
        return _placed(order, already=False)

    def get_many(self, ids):
        """Return nothing: carts do not ask."""
        return {}

    def bought(self, customer, product_ids):
        """Return nothing: carts do not ask."""
        return frozenset()


def _check_codes(codes):
    for place, code in enumerate(codes):
        if code not in ("TEN", "GONE", "IDLE"):
            raise _invalid(f"/discount_codes/{place}", "unknown", "unknown_discount_code")
    for place, code in enumerate(codes):
        if code == "GONE":
            error = FieldFault(f"/discount_codes/{place}", "not_applicable", "It was used up.")
            raise OrderRefused(422, "discount_not_applicable", [error], {"reason": "used_up"})


def _invalid(pointer, code, problem="validation_failed"):
    return OrderRefused(422, problem, [FieldFault(pointer, code, "Wrong.")])


def _order_line(position, line, quantity, ppm):
    subtotal = line.unit_amount * quantity
    discount = subtotal * ppm // 1_000_000
    return OrderLine(
        position=position,
        product_id=line.product_id,
        variant_id=line.variant_id,
        sku=line.sku,
        name=line.name,
        quantity=quantity,
        unit_amount=line.unit_amount,
        amount_subtotal=subtotal,
        amount_discount=discount,
        amount_tax=0,
        amount_total=subtotal - discount,
    )


def _totals(wanted, lines):
    if wanted.shipping_method not in (None, STANDARD):
        raise _invalid("/shipping_method", "unknown", "unknown_shipping_method")
    shipping = CARRIAGE if wanted.shipping_method else 0
    return Totals(
        currency=wanted.currency,
        tax_included=True,
        amount_subtotal=sum(line.amount_subtotal for line in lines),
        amount_discount=sum(line.amount_discount for line in lines),
        amount_shipping=shipping,
        amount_tax=0,
        amount_rounding=0,
        amount_total=sum(line.amount_total for line in lines) + shipping,
    )


def _methods(wanted):
    if wanted.shipping_address is None:
        return ()
    return (QuotedMethod(STANDARD, "Standard", CARRIAGE, 0, CARRIAGE, 2, 3),)


def _warnings(wanted, quote, quantities):
    for line in quote.lines:
        wants = quantities[line.variant_id]
        if wants > line.available:
            yield {
                "code": "insufficient_stock",
                "variant_id": line.variant_id,
                "requested": wants,
            }
    if "IDLE" in wanted.discount_codes:
        yield {"code": "no_effect", "discount_code": "IDLE"}


def _placed(order, *, already):
    secret = None if order.customer_id else f"secret of {order.id}"
    return Placed(order.id, 1001, order.amount_total, secret, already)


SHOP = Feature(
    name="shop",
    summary="A fake of catalog and orders.",
    metadata=Base.metadata,
    referents=[
        Referent(Catalog, "product", Item.id),
        Referent(Catalog, "variant", Item.id),
        Referent(Orders, "order", Order.id),
    ],
    personal_data=PersonalData(columns(none=[Item.sku, Item.currency, Order.email, Order.data])),
    offers=[Offer(Catalog, "1.1", ShopCatalog), Offer(Orders, "1.0", ShopOrders)],
)
