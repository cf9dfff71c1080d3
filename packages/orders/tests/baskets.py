"""Baskets, reductions and taxes for tests of pricing, written as short as in an example."""

from datetime import UTC, datetime
from uuid import UUID

from mercato_contracts.baskets import Basket, BasketLine, Carriage, Customer
from mercato_contracts.discounts import Reduction
from mercato_contracts.taxes import Assessment, Rate, Tax
from mercato_orders.pricing import Offered

AT = datetime(2030, 1, 1, tzinfo=UTC)


def line(position, amount, quantity=1):
    """Return a line whose variant sorts like its position."""
    variant_id = UUID(int=position + 1)
    return BasketLine(
        position=position,
        product_id=variant_id,
        variant_id=variant_id,
        sku=f"SKU-{position}",
        category_ids=frozenset(),
        tax_code=None,
        unit_amount=amount,
        quantity=quantity,
        weight_grams=None,
        requires_shipping=True,
    )


def basket(*lines, ship=None, currency="EUR", codes=()):
    """Return a basket; each line is an amount, or an amount and a quantity."""
    pairs = [one if isinstance(one, tuple) else (one, 1) for one in lines]
    return Basket(
        lines=tuple(line(position, *pair) for position, pair in enumerate(pairs)),
        currency=currency,
        at=AT,
        customer=Customer(None, None),
        codes=codes,
        shipping=None if ship is None else Carriage("shipping", "standard", "Standard", ship),
    )


def percent(rate, **more):
    """Return a reduction by percent."""
    return off(None, ppm=round(rate * 10_000), **more)


def off(amount, **more):
    """Return a reduction by an amount."""
    named = {"id": f"r-{amount}-{sorted(more.items())}", "label": "Reduction", **more}
    return Offered("vouchers", Reduction(amount=amount, **named))


def free_shipping(**more):
    """Return a reduction of the whole shipping price."""
    return percent(100, off="shipping", **more)


def tax(*rates, relief=0):
    """Return a tax of rates in percent."""
    made = tuple(Rate(f"rate-{rate}", f"{rate} %", round(rate * 10_000)) for rate in rates)
    return Tax(made, relief_ppm=round(relief * 10_000))


def taxes(of, *lines, included=True, shipping=None, rounding="line"):
    """Return an assessment: a tax for each line, the last one for all further lines."""
    each = [*lines, *[lines[-1]] * (len(of.lines) - len(lines))] if lines else []
    return Assessment(
        included=included,
        lines=tuple(each),
        shipping=(shipping or each[-1]) if of.shipping else None,
        rounding=rounding,
    )
