"""The provider of the contract ``orders``."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

import marshmallow as ma

from mercato_contracts.orders import (
    FieldFault,
    OrderLine,
    OrderRefused,
    Part,
    Placed,
    Prepared,
    Quoted,
    Record,
    Totals,
    Wanted,
)
from mercato_kit.errors import Invalid, Problem, invalid
from mercato_kit.http import field_errors
from mercato_orders import services
from mercato_orders.access import issued_token
from mercato_orders.pricing import Adjustment, PricedLine, PricedOrder
from mercato_orders.schemas import NewOrderSchema, WantedQuoteSchema
from mercato_orders.values import NewOrder, stored_address


class ShopOrders:
    """Implements :class:`mercato_contracts.orders.Orders` on this feature's services."""

    def prepare(self, wanted: Wanted) -> Prepared:
        """Ask remote providers, outside of a transaction."""
        with _refusing():
            return Prepared(services.prepare(_checked(wanted, WantedQuoteSchema())))

    def quote(self, wanted: Wanted, prepared: Prepared | None = None) -> Quoted:
        """Return the price. Writes nothing."""
        with _refusing():
            return _quoted(
                services.quote(_checked(wanted, WantedQuoteSchema()), _inquiry(prepared))
            )

    def place(self, reference: UUID, wanted: Wanted, prepared: Prepared | None = None) -> Placed:
        """Place an order in the caller's transaction; once by reference."""
        with _refusing():
            if wanted.customer.email is None:
                raise invalid("/email", "required", "Missing data for required field.")
            checked = _checked(wanted, NewOrderSchema())
            return _placed(services.place_once(reference, checked, _inquiry(prepared)))

    def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Record]:
        """Return orders by id, in one SELECT. Unknown ids are left out."""
        return services.find_records(ids)

    def bought(self, customer: UUID, product_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return which of the products a customer has bought, in one SELECT."""
        return services.find_bought(customer, product_ids)


def _inquiry(prepared: Prepared | None) -> services.Inquiry | None:
    return cast("services.Inquiry | None", prepared)


@contextmanager
def _refusing() -> Iterator[None]:
    """Translate problems of HTTP into the exception of the contract."""
    try:
        yield
    except Problem as problem:
        errors = [FieldFault(error.pointer, error.code, error.detail) for error in problem.errors]
        raise OrderRefused(problem.status, problem.code, errors, problem.members) from problem


def _checked(wanted: Wanted, schema: ma.Schema) -> Wanted:
    """Check values by the rules of the API, and return them as the API reads them.

    Raises:
        Invalid: Some values are refused.
    """
    try:
        new: NewOrder = schema.load(_body(wanted, schema))
    except ma.ValidationError as error:
        raise Invalid(errors=list(field_errors({"json": error.messages}))) from error
    return new.by(wanted.customer)


def _body(wanted: Wanted, schema: ma.Schema) -> dict[str, Any]:
    """Return *wanted* as a client of the API would send it."""
    body = {
        "lines": [
            {"variant_id": str(line.variant_id), "quantity": line.quantity} for line in wanted.lines
        ],
        "currency": wanted.currency,
        "email": wanted.customer.email,
        "discount_codes": list(wanted.discount_codes),
        "shipping_method": wanted.shipping_method,
        "shipping_address": stored_address(wanted.shipping_address),
        "billing_address": stored_address(wanted.billing_address),
        "tax_id": wanted.tax_id,
        "expected_amount_total": wanted.expected_amount_total,
        "note": wanted.note,
        "metadata": dict(wanted.metadata),
    }
    return {name: value for name, value in body.items() if name in schema.fields}


def _placed(placed: services.PlacedOnce) -> Placed:
    token = issued_token(placed.id) if placed.customer_id is None else None
    return Placed(placed.id, placed.number, placed.amount_total, token, placed.already)


def _quoted(quotation: services.Quotation) -> Quoted:
    order = quotation.order
    return Quoted(
        totals=_totals(order),
        lines=tuple(_line(position, line) for position, line in enumerate(order.lines)),
        parts=tuple(_part(part) for part in order.total.adjustments),
        shipping_methods=quotation.shipping_methods,
        warnings=quotation.warnings,
        valid_until=quotation.valid_until,
    )


def _totals(order: PricedOrder) -> Totals:
    total = order.total
    return Totals(
        currency=total.basket.currency,
        tax_included=total.tax_included,
        amount_subtotal=total.amount_subtotal,
        amount_discount=total.amount_discount,
        amount_shipping=total.amount_shipping,
        amount_tax=total.amount_tax,
        amount_rounding=0,
        amount_total=total.amount_total,
    )


def _line(position: int, line: PricedLine) -> OrderLine:
    return OrderLine(
        position=position,
        product_id=line.item.product_id,
        variant_id=line.item.variant_id,
        sku=line.item.sku,
        name=line.item.name,
        quantity=line.quantity,
        unit_amount=line.item.unit_amount,
        amount_subtotal=line.amount_subtotal,
        amount_discount=line.amount_discount,
        amount_tax=line.amount_tax,
        amount_total=line.amount_total,
    )


def _part(part: Adjustment) -> Part:
    return Part(
        kind=part.kind,
        target=part.target,
        position=part.position,
        provider=part.provider,
        code=part.code,
        label=part.label,
        amount=part.amount,
    )
