"""Apply taxes to a basket, and compute its totals: pure functions, exact to the minor unit."""

from collections.abc import Iterable, Iterator, Sequence

from mercato_contracts.baskets import PPM, Basket, Carriage, allocate, half_up
from mercato_contracts.taxes import Assessment, Rate, Tax
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_orders.errors import AmountTooLarge
from mercato_orders.pricing.discounts import by_variant, discounted
from mercato_orders.pricing.values import TAX_RELIEF, Adjustment, Priced, Reduced


def add_tax(reduced: Reduced, assessment: Assessment | None, provider: str = "") -> Priced:
    """Compute the taxes of a basket, and its totals.

    Args:
        reduced: The basket after discounts.
        assessment: Its taxes; None if no provider of taxes is composed.
        provider: Name of the provider of taxes.

    Raises:
        AmountTooLarge: The total is above 2^53 - 1.
    """
    adjustments = [*_carriage(reduced.basket.shipping), *reduced.adjustments]
    if assessment is None:
        none = (0,) * len(reduced.basket.lines)
        return _totals(reduced.basket, adjustments, none, none)
    basket, relief = _relieved(reduced.basket, assessment, provider)
    due = [*assessment.lines, *([assessment.shipping] if assessment.shipping else ())]
    parts = [line.amount for line in basket.lines]
    if assessment.shipping and basket.shipping:
        parts.append(basket.shipping.amount)
    due = due[: len(parts)]
    amounts = _taxes(basket, due, parts, assessment)
    for position, (tax, amount) in enumerate(zip(due, amounts, strict=True)):
        place = position if position < len(basket.lines) else None
        relief += _tax_adjustments(tax, amount, place, provider)
    count = len(basket.lines)
    return _totals(
        basket,
        [*adjustments, *relief],
        amounts[:count],
        [_rate(tax) for tax in due[:count]],
        shipping_tax=sum(amounts[count:]),
        assessment=assessment,
    )


def _carriage(shipping: Carriage | None) -> Iterator[Adjustment]:
    if shipping:
        yield Adjustment(
            "shipping",
            "shipping",
            None,
            shipping.provider,
            shipping.label,
            shipping.amount_subtotal,
            code=shipping.code,
        )


def _relieved(
    basket: Basket, assessment: Assessment, provider: str
) -> tuple[Basket, list[Adjustment]]:
    """Take the tax that prices contain and that is not due off a basket, as a discount."""
    if not assessment.included:
        return basket, []
    off: dict[int | None, int] = {
        line.position: _relief(tax, line.amount)
        for line, tax in zip(basket.lines, assessment.lines, strict=True)
    }
    if basket.shipping and assessment.shipping:
        off[None] = _relief(assessment.shipping, basket.shipping.amount)
    adjustments = [
        Adjustment(
            "discount",
            "shipping" if place is None else "line",
            place,
            provider,
            "Tax that is not due",
            -amount,
            code=TAX_RELIEF,
        )
        for place, amount in off.items()
        if amount
    ]
    return (discounted(basket, off) if adjustments else basket), adjustments


def _relief(tax: Tax, left: int) -> int:
    return half_up(left * tax.relief_ppm, PPM + tax.relief_ppm)


def _rate(tax: Tax) -> int:
    return sum(rate.ppm for rate in tax.rates)


def _taxes(
    basket: Basket, due: Sequence[Tax], parts: Sequence[int], assessment: Assessment
) -> list[int]:
    """Return the tax of each line, then that of shipping."""
    amounts = [
        _tax(part, _rate(tax), included=assessment.included) if tax.amount is None else tax.amount
        for tax, part in zip(due, parts, strict=True)
    ]
    if assessment.rounding == "line":
        return amounts
    # Shipping has no variant; it comes last.
    order = [line.position for line in by_variant(basket.lines)]
    order += range(len(order), len(parts))
    by_rate: dict[int, list[int]] = {}
    for place in order:
        if due[place].amount is None:
            by_rate.setdefault(_rate(due[place]), []).append(place)
    for rate, places in by_rate.items():
        weights = [parts[place] for place in places]
        shares = allocate(_tax(sum(weights), rate, included=assessment.included), weights)
        for place, share in zip(places, shares, strict=True):
            amounts[place] = share
    return amounts


def _tax(amount: int, rate: int, *, included: bool) -> int:
    """Return the tax on an amount, or in it. It is rounded, and the net amount is the rest."""
    return half_up(amount * rate, PPM + rate if included else PPM)


def _tax_adjustments(
    tax: Tax, amount: int, position: int | None, provider: str
) -> Iterator[Adjustment]:
    """Divide the tax of a line or of shipping between its rates."""
    weights = [rate.ppm for rate in tax.rates]
    if amount and not any(weights):
        weights = [1] * len(weights)
    for rate, share in zip(tax.rates, allocate(amount, weights), strict=True):
        yield _of_rate(rate, share, position, provider)


def _of_rate(rate: Rate, amount: int, position: int | None, provider: str) -> Adjustment:
    return Adjustment(
        "tax",
        "shipping" if position is None else "line",
        position,
        provider,
        rate.label,
        amount,
        code=rate.code,
        rate_ppm=rate.ppm,
        reason=rate.reason,
    )


def _totals(
    basket: Basket,
    adjustments: Iterable[Adjustment],
    line_taxes: Sequence[int],
    line_rates: Sequence[int],
    *,
    shipping_tax: int = 0,
    assessment: Assessment | None = None,
) -> Priced:
    included = assessment is not None and assessment.included
    subtotal = sum(line.amount_subtotal for line in basket.lines)
    discount = sum(line.amount_discount for line in basket.lines)
    shipping = basket.shipping.amount if basket.shipping else 0
    tax = sum(line_taxes) + shipping_tax
    total = subtotal - discount + shipping + (0 if included else tax)
    if total > MAX_SAFE_INTEGER:
        raise AmountTooLarge
    return Priced(
        basket=basket,
        tax_included=included,
        tax_estimated=assessment is not None and assessment.estimated,
        line_taxes=line_taxes,
        line_rates=line_rates,
        shipping_tax=shipping_tax,
        adjustments=tuple(adjustments),
        amount_subtotal=subtotal,
        amount_discount=discount,
        amount_shipping=shipping,
        amount_tax=tax,
        amount_total=total,
    )
