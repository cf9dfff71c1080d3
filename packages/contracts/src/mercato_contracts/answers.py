"""Find wrong values in the answers of providers.

The one who asks refuses an answer with wrong values, and a provider's own tests find them first.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import get_args

from mercato_contracts import discounts, taxes
from mercato_contracts.baskets import LARGEST_AMOUNT, PPM, Basket
from mercato_contracts.discounts import MOST_REDUCTIONS, Discounted, Reduction
from mercato_contracts.shipping import Method
from mercato_contracts.taxes import HIGHEST_RATE, Assessment, Rate, Tax

LONGEST_CODE = 100
"""Characters of the code of a method or a tax."""

LONGEST_TEXT = 200
"""Characters of a label, and of the id of a reduction."""


def wrong_discounts(basket: Basket, answer: Discounted) -> Iterator[str]:
    """Find wrong values in an answer of a provider of discounts.

    Args:
        basket: What it was asked about.
        answer: Its answer.
    """
    if len(answer.reductions) > MOST_REDUCTIONS:
        yield f"{len(answer.reductions)} reductions; at most {MOST_REDUCTIONS}"
    positions = {line.position for line in basket.lines}
    for reduction in answer.reductions:
        for wrong in _wrong_reduction(reduction, positions, basket.codes):
            yield f"reduction {reduction.id!r}: {wrong}"
    for refusal in answer.refusals:
        if refusal.code not in basket.codes:
            yield f"a refusal of {refusal.code!r}, which was not asked about"
        if refusal.reason not in get_args(discounts.Reason):
            yield f"refusal of {refusal.code!r}: reason is {refusal.reason!r}"
    refused = {refusal.code for refusal in answer.refusals}
    yield from (
        f"{reduction.code!r} is refused, and reduces"
        for reduction in answer.reductions
        if reduction.code in refused
    )


def _wrong_reduction(
    reduction: Reduction, positions: Collection[int], codes: Collection[str]
) -> Iterator[str]:
    yield from _wrong_text("id", reduction.id, LONGEST_TEXT)
    yield from _wrong_text("label", reduction.label, LONGEST_TEXT)
    if reduction.code is not None and reduction.code not in codes:
        yield f"code is {reduction.code!r}, which was not asked about"
    if (reduction.ppm is None) is (reduction.amount is None):
        yield "both or none of ppm and amount"
    if reduction.ppm is not None and not _is_whole(reduction.ppm, 1, PPM):
        yield f"ppm is {reduction.ppm!r}"
    if reduction.amount is not None and not _is_whole(reduction.amount, 1, LARGEST_AMOUNT):
        yield f"amount is {reduction.amount!r}"
    if reduction.at_most is not None and not _is_whole(reduction.at_most, 0, LARGEST_AMOUNT):
        yield f"at_most is {reduction.at_most!r}"
    if reduction.off not in ("lines", "shipping"):
        yield f"off is {reduction.off!r}"
    if unknown := set(reduction.lines or ()).difference(positions):
        yield f"unknown positions: {sorted(unknown)}"


def wrong_methods(answer: tuple[Method, ...]) -> Iterator[str]:
    """Find wrong values in an answer of a provider of shipping."""
    for code, count in Counter(method.code for method in answer).items():
        if count > 1:
            yield f"{count} methods have the code {code!r}"
    for method in answer:
        yield from (f"method {method.code!r}: {wrong}" for wrong in _wrong_method(method))


def _wrong_method(method: Method) -> Iterator[str]:
    yield from _wrong_text("code", method.code, LONGEST_CODE)
    yield from _wrong_text("label", method.label, LONGEST_TEXT)
    if not _is_whole(method.amount, 0, LARGEST_AMOUNT):
        yield f"amount is {method.amount!r}"
    least, most = method.days_min, method.days_max
    if least is not None and not _is_whole(least, 0, LARGEST_AMOUNT):
        yield f"days_min is {least!r}"
    if most is not None and not _is_whole(most, least or 0, LARGEST_AMOUNT):
        yield f"days_max is {most!r}, and days_min is {least!r}"


def wrong_assessment(basket: Basket, answer: Assessment) -> Iterator[str]:
    """Find wrong values in an answer of the provider of taxes.

    Args:
        basket: What it was asked about.
        answer: Its answer.
    """
    if len(answer.lines) != len(basket.lines):
        yield f"{len(answer.lines)} taxes for {len(basket.lines)} lines"
    if (answer.shipping is None) is not (basket.shipping is None):
        yield f"shipping: {answer.shipping} for {basket.shipping}"
    if answer.rounding not in ("line", "rate"):
        yield f"rounding is {answer.rounding!r}"
    parts = {f"lines[{index}]": tax for index, tax in enumerate(answer.lines)}
    if answer.shipping is not None:
        parts["shipping"] = answer.shipping
    for name, tax in parts.items():
        yield from (f"{name}: {wrong}" for wrong in _wrong_tax(tax, included=answer.included))


def _wrong_tax(tax: Tax, *, included: bool) -> Iterator[str]:
    if not tax.rates:
        yield "no rate; one of 0 ppm says why no tax is due"
    for rate in tax.rates:
        yield from _wrong_rate(rate)
    if tax.amount is not None and not _is_whole(tax.amount, 0, LARGEST_AMOUNT):
        yield f"amount is {tax.amount!r}"
    if not _is_whole(tax.relief_ppm, 0, HIGHEST_RATE):
        yield f"relief_ppm is {tax.relief_ppm!r}"
    elif tax.relief_ppm and not included:
        yield "a relief, and prices do not include tax"


def _wrong_rate(rate: Rate) -> Iterator[str]:
    yield from _wrong_text("code", rate.code, LONGEST_CODE)
    yield from _wrong_text("label", rate.label, LONGEST_TEXT)
    if not _is_whole(rate.ppm, 0, HIGHEST_RATE):
        yield f"ppm of {rate.code!r} is {rate.ppm!r}"
    if rate.reason not in get_args(taxes.Reason):
        yield f"reason of {rate.code!r} is {rate.reason!r}"


def _wrong_text(name: str, text: object, most: int) -> Iterator[str]:
    if not isinstance(text, str) or not 1 <= len(text) <= most:
        yield f"{name} is {text!r}; expected 1 to {most} characters"


def _is_whole(number: int, least: int, most: int) -> bool:
    """Return whether a value is an int, not a bool, within bounds."""
    return type(number) is int and least <= number <= most
