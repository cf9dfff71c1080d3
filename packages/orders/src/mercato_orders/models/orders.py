"""Orders with their lines and adjustments."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mercato_kit import db
from mercato_orders.models.base import Amount, Base, one_of
from mercato_orders.values import percent

ORDER_STATUSES = ("open", "completed", "canceled", "expired")
PAYMENT_STATUSES = ("unpaid", "authorized", "paid", "partially_refunded", "refunded")
FULFILLMENT_STATUSES = ("unfulfilled", "partially_fulfilled", "fulfilled", "returned")
ADJUSTMENT_KINDS = ("discount", "shipping", "tax", "fee", "rounding")
ADJUSTMENT_TARGETS = ("line", "shipping", "order")


class Order(db.Aggregate, Base):
    """An order with customer, addresses, amounts and state.

    Customer, addresses and lines are snapshots: later changes of a product or an account do not
    change them.
    """

    __tablename__ = "orders_order"
    __table_args__ = (
        sa.CheckConstraint(one_of("status", ORDER_STATUSES), name="status_known"),
        sa.CheckConstraint(one_of("payment_status", PAYMENT_STATUSES), name="payment_status_known"),
        sa.CheckConstraint(
            one_of("fulfillment_status", FULFILLMENT_STATUSES), name="fulfillment_status_known"
        ),
        sa.CheckConstraint(
            "amount_subtotal >= 0 AND amount_discount >= 0 AND amount_shipping >= 0 "
            "AND amount_tax >= 0 AND amount_total >= 0 AND amount_paid >= 0 "
            "AND amount_refunded >= 0",
            name="amounts_not_negative",
        ),
        sa.CheckConstraint(
            "amount_total = amount_subtotal - amount_discount + amount_shipping "
            "+ CASE WHEN tax_included THEN 0 ELSE amount_tax END + amount_rounding",
            name="total_adds_up",
        ),
        sa.CheckConstraint("amount_paid <= amount_total", name="paid_within_total"),
        sa.CheckConstraint(
            "amount_canceled >= 0 AND amount_paid + amount_canceled <= amount_total",
            name="canceled_within_rest",
        ),
        sa.CheckConstraint(
            "amount_canceled_tax >= 0 AND amount_canceled_tax <= amount_canceled",
            name="canceled_tax_within_canceled",
        ),
        sa.CheckConstraint("amount_refunded <= amount_paid", name="refunded_within_paid"),
        sa.CheckConstraint(
            "amount_shipping_tax >= 0 AND amount_shipping_tax <= amount_tax",
            name="shipping_tax_within_tax",
        ),
        sa.UniqueConstraint("number"),
        sa.Index("uq_orders_order_source_reference", "source_reference", unique=True),
        sa.Index(None, "created_at", "id"),
        sa.Index(None, "customer_id", "created_at", "id"),
        sa.Index(None, "status", "created_at", "id"),
        sa.Index(None, "payment_status", "created_at", "id"),
        sa.Index(None, "customer_email_key"),
        sa.Index(
            "ix_orders_order_unpaid_expiry",
            "expires_at",
            postgresql_where=sa.text("status = 'open' AND payment_status = 'unpaid'"),
            sqlite_where=sa.text("status = 'open' AND payment_status = 'unpaid'"),
        ),
    )

    number: Mapped[int] = mapped_column(sa.BigInteger, doc="Human-readable number")
    customer_id: Mapped[UUID | None] = mapped_column(doc="The principal's sub; None for a guest")
    customer_email: Mapped[str | None] = mapped_column(sa.String(254), doc="As its owner wrote it")
    customer_email_key: Mapped[str | None] = mapped_column(
        sa.CHAR(64), doc="SHA-256 of the canonical address, to find orders by it"
    )
    customer_name: Mapped[str | None] = mapped_column(sa.String(255))
    guest_token_hash: Mapped[str | None] = mapped_column(sa.CHAR(64), doc="SHA-256, guests only")
    status: Mapped[str] = mapped_column(sa.String(20), default="open")
    payment_status: Mapped[str] = mapped_column(sa.String(20), default="unpaid")
    fulfillment_status: Mapped[str] = mapped_column(sa.String(20), default="unfulfilled")
    currency: Mapped[str] = mapped_column(sa.CHAR(3), doc="ISO 4217")
    amount_subtotal: Mapped[Amount]
    amount_discount: Mapped[Amount]
    amount_shipping: Mapped[Amount]
    amount_tax: Mapped[Amount]
    amount_total: Mapped[Amount]
    amount_paid: Mapped[Amount]
    amount_refunded: Mapped[Amount]
    amount_rounding: Mapped[Amount] = mapped_column(doc="Signed: added by cash rounding")
    amount_shipping_tax: Mapped[Amount] = mapped_column(
        server_default="0", doc="Part of the tax: that of shipping"
    )
    amount_canceled: Mapped[Amount] = mapped_column(
        server_default="0", doc="Canceled before it was captured"
    )
    amount_canceled_tax: Mapped[Amount] = mapped_column(
        server_default="0", doc="Part of the canceled amount: its tax"
    )
    tax_included: Mapped[bool] = mapped_column(default=False, doc="Prices include tax")
    tax_estimated: Mapped[bool] = mapped_column(
        default=False, server_default=sa.false(), doc="The provider of taxes lacked an address"
    )
    tax_id: Mapped[str | None] = mapped_column(sa.String(50), doc="VAT number or the like")
    shipping_method: Mapped[str | None] = mapped_column(sa.String(200), doc="<provider>.<code>")
    discount_providers: Mapped[list[str]] = mapped_column(
        default=list, server_default="[]", doc="Which redeemed discounts, in their order"
    )
    source_reference: Mapped[UUID | None] = mapped_column(doc="What it was placed from, once")
    locale: Mapped[str | None] = mapped_column(sa.String(35), doc="BCP 47")
    shipping_address: Mapped[dict[str, Any] | None]
    billing_address: Mapped[dict[str, Any] | None]
    note: Mapped[str | None] = mapped_column(sa.Text)
    expires_at: Mapped[datetime | None] = mapped_column(doc="When an unpaid order expires")
    placed_at: Mapped[datetime] = mapped_column(default=db.utc_now)
    paid_at: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None] = mapped_column(sa.String(500))
    completed_at: Mapped[datetime | None] = mapped_column(doc="When its last unit was shipped")
    cancel_sequence: Mapped[int] = mapped_column(
        default=0, server_default="0", doc="Number of its last cancellation of units"
    )
    fulfillment_sequence: Mapped[int] = mapped_column(
        default=0, server_default="0", doc="Number of its last fulfilment"
    )
    refund_sequence: Mapped[int] = mapped_column(
        default=0, server_default="0", doc="Number of its last refund"
    )

    search_words: Mapped[list[str]] = mapped_column(
        default=list, server_default="[]", doc="What it is found by; see SearchWord"
    )

    lines: Mapped[list["Line"]] = relationship(
        order_by="Line.position", lazy="raise_on_sql", viewonly=True
    )
    adjustments: Mapped[list["Adjustment"]] = relationship(
        order_by="Adjustment.id", lazy="raise_on_sql", viewonly=True
    )
    # By name: their modules import this one.
    payments: Mapped[list[Any]] = relationship(
        "Payment", order_by="Payment.id", lazy="raise_on_sql", viewonly=True
    )
    refunds: Mapped[list[Any]] = relationship(
        "Refund", order_by="Refund.id", lazy="raise_on_sql", viewonly=True
    )
    fulfillments: Mapped[list[Any]] = relationship(
        "Fulfillment", order_by="Fulfillment.sequence", lazy="raise_on_sql", viewonly=True
    )


class Line(db.Identified, Base):
    """A line of an order: units of one variant, with name and price when the order was placed."""

    __tablename__ = "orders_line"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
        sa.CheckConstraint("amount_subtotal = unit_amount * quantity", name="subtotal_adds_up"),
        sa.CheckConstraint(
            "unit_amount >= 0 AND amount_discount >= 0 AND amount_tax >= 0 AND amount_total >= 0",
            name="amounts_not_negative",
        ),
        sa.CheckConstraint(
            "quantity_fulfilled >= 0 AND quantity_canceled >= 0 AND quantity_returned >= 0",
            name="quantities_not_negative",
        ),
        sa.CheckConstraint(
            "quantity_fulfilled + quantity_canceled <= quantity", name="fulfilled_within_quantity"
        ),
        sa.CheckConstraint(
            "quantity_returned <= quantity_fulfilled", name="returned_within_fulfilled"
        ),
        sa.CheckConstraint("amount_discount <= amount_subtotal", name="discount_within_subtotal"),
        sa.CheckConstraint(
            "amount_total = amount_subtotal - amount_discount "
            "+ CASE WHEN tax_included THEN 0 ELSE amount_tax END",
            name="total_adds_up",
        ),
        sa.CheckConstraint(
            "quantity_refunded >= 0 AND quantity_refunded <= quantity",
            name="refunded_within_quantity",
        ),
        sa.CheckConstraint(
            "quantity_pending >= 0 "
            "AND quantity_fulfilled + quantity_pending + quantity_canceled <= quantity",
            name="pending_within_quantity",
        ),
        sa.CheckConstraint(
            "quantity_returned <= quantity_refunded AND quantity_refunded <= quantity_fulfilled",
            name="returned_within_refunded",
        ),
        sa.UniqueConstraint("order_id", "position"),
        sa.UniqueConstraint("order_id", "variant_id"),
    )

    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Order.id))
    position: Mapped[int] = mapped_column(doc="From 0, in the client's order")
    product_id: Mapped[UUID]
    variant_id: Mapped[UUID]
    sku: Mapped[str] = mapped_column(sa.String(100))
    name: Mapped[str] = mapped_column(sa.String(300))
    variant_name: Mapped[str] = mapped_column(sa.String(300))
    image_url: Mapped[str | None] = mapped_column(sa.String(2000))
    tax_code: Mapped[str | None] = mapped_column(sa.String(50))
    unit_amount: Mapped[Amount]
    quantity: Mapped[int]
    amount_subtotal: Mapped[Amount]
    amount_discount: Mapped[Amount]
    tax_included: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    tax_rate_ppm: Mapped[int] = mapped_column(default=0, doc="Parts per million")
    amount_tax: Mapped[Amount]
    amount_total: Mapped[Amount]
    requires_shipping: Mapped[bool]
    quantity_fulfilled: Mapped[int] = mapped_column(default=0)
    quantity_canceled: Mapped[int] = mapped_column(default=0)
    quantity_returned: Mapped[int] = mapped_column(default=0)
    quantity_refunded: Mapped[int] = mapped_column(default=0, server_default="0")
    quantity_pending: Mapped[int] = mapped_column(
        default=0, server_default="0", doc="Units of fulfilments that wait for their capture"
    )

    @hybrid_property
    def quantity_unsent(self) -> int:
        """Units that are neither sent, being sent nor canceled."""
        taken = self.quantity_fulfilled + self.quantity_pending + self.quantity_canceled
        return self.quantity - taken

    @hybrid_property
    def quantity_kept(self) -> int:
        """Units that were sent and not refunded."""
        return self.quantity_fulfilled - self.quantity_refunded

    @property
    def tax_rate(self) -> str:
        """The sum of its tax rates, in percent."""
        return percent(self.tax_rate_ppm)


class Adjustment(db.Identified, Base):
    """A part of an order's price besides listed prices.

    There is one for each reduction of each line or of shipping, one for the price of shipping, and
    one for each tax rate of each line and of shipping.
    """

    __tablename__ = "orders_adjustment"
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", ADJUSTMENT_KINDS), name="kind_known"),
        sa.CheckConstraint(one_of("target", ADJUSTMENT_TARGETS), name="target_known"),
        sa.CheckConstraint("(target = 'line') = (line_id IS NOT NULL)", name="line_of_its_target"),
        sa.CheckConstraint(
            "CASE kind WHEN 'discount' THEN amount < 0 WHEN 'rounding' THEN true "
            "ELSE amount >= 0 END",
            name="sign_of_its_kind",
        ),
        sa.CheckConstraint("rate_ppm >= 0", name="rate_not_negative"),
        sa.Index(None, "order_id"),
    )

    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Order.id))
    line_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Line.id))
    kind: Mapped[str] = mapped_column(sa.String(20))
    target: Mapped[str] = mapped_column(sa.String(20))
    provider: Mapped[str] = mapped_column(sa.String(100), doc="Name of the provider")
    code: Mapped[str | None] = mapped_column(
        sa.String(100), doc="The discount code, the method's code or the tax's code"
    )
    reduction_id: Mapped[str | None] = mapped_column(sa.String(200), doc="The provider's id")
    label: Mapped[str] = mapped_column(sa.String(200), doc="For customers")
    amount: Mapped[Amount] = mapped_column(doc="Signed")
    rate_ppm: Mapped[int | None] = mapped_column(doc="Rate of a tax, in parts per million")
    reason: Mapped[str | None] = mapped_column(sa.String(20), doc="Why the rate applies")

    @property
    def rate(self) -> str | None:
        """The rate of a tax, in percent."""
        return percent(self.rate_ppm)
