"""Ask the providers of discounts, shipping and taxes about a basket."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mercato_contracts.answers import wrong_assessment, wrong_discounts, wrong_methods
from mercato_contracts.baskets import Basket, Carriage
from mercato_contracts.discounts import Discounted, Discounts, Refusal
from mercato_contracts.shipping import Method, Shipping
from mercato_contracts.taxes import Assessment, InvalidTaxId, Taxes
from mercato_kit.errors import Invalid, invalid
from mercato_kit.services import chosen, each
from mercato_orders.errors import (
    DiscountNotApplicable,
    ProviderUnavailable,
    UnknownDiscountCode,
    code_error,
)
from mercato_orders.pricing import Offered, repeated
from mercato_orders.services.inquiry import Answer, Inquiry


def ask_discounts(inquiry: Inquiry, basket: Basket) -> tuple[Offered, ...]:
    """Return the reductions of all providers, in their order.

    A code is answered by the first provider that knows it, and not shown to the next.

    Args:
        inquiry: The questions of this price.
        basket: At listed prices.

    Raises:
        Invalid: A code is sent twice.
        UnknownDiscountCode: No provider knows a code.
        DiscountNotApplicable: A code does not apply.
        ProviderFault, ProviderUnavailable: A provider gives no good answer.
    """
    _refuse_repeated(basket)
    offered: list[Offered] = []
    refused: dict[str, Refusal] = {}
    left, is_complete = tuple(filter(None, basket.codes)), True
    for one in each(Discounts):
        asked = replace(basket, codes=left)
        answer = inquiry.ask(Discounts, one, asked, _quote, wrong_discounts)
        if answer is None:
            is_complete = False
            continue
        offered += (Offered(answer.provider, each) for each in answer.value.reductions)
        refused |= {refusal.code: refusal for refusal in answer.value.refusals}
        answered = refused.keys() | {one.reduction.code for one in offered}
        left = tuple(code for code in left if code not in answered)
    if left and not is_complete:
        raise ProviderUnavailable
    _refuse_codes(basket.codes, left, refused)
    return tuple(offered)


def _refuse_repeated(basket: Basket) -> None:
    if twice := repeated(basket.codes):
        detail = "The same code stands further ahead."
        raise Invalid(errors=[code_error(place, "duplicate", detail) for place in twice])


def _refuse_codes(
    codes: tuple[str, ...], unknown: tuple[str, ...], refused: Mapping[str, Refusal]
) -> None:
    places = [place for place, code in enumerate(codes) if not code or code in unknown]
    if places:
        raise UnknownDiscountCode(places)
    if refused:
        raise DiscountNotApplicable({codes.index(code): it for code, it in refused.items()})


def ask_shipping(inquiry: Inquiry, basket: Basket) -> Iterator[tuple[Method, Carriage]]:
    """Return the methods of all providers, each with its price before discounts.

    Args:
        inquiry: The questions of this price.
        basket: With an address; its lines have their discounts.

    Raises:
        ProviderFault, ProviderUnavailable: A provider gives no good answer.
    """
    for one in each(Shipping):
        answer = inquiry.ask(Shipping, one, basket, _methods, _wrong_methods)
        for method in answer.value if answer else ():
            yield method, _carriage(answer.provider if answer else one.name, method)


def _carriage(provider: str, method: Method) -> Carriage:
    return Carriage(
        provider=provider,
        code=method.code,
        label=method.label,
        amount_subtotal=method.amount,
        tax_code=method.tax_code,
    )


def ask_taxes(inquiry: Inquiry, basket: Basket) -> Answer[Assessment] | None:
    """Return the taxes of a basket after discounts; None without a provider.

    Raises:
        Invalid: The tax id is not valid.
        ProviderFault, ProviderUnavailable: The provider gives no good answer.
    """
    one = chosen(Taxes)
    if one is None:
        return None
    try:
        return inquiry.ask(Taxes, one, basket, _assess, wrong_assessment)
    except InvalidTaxId as error:
        raise invalid("/tax_id", "invalid", "This tax id is not valid.") from error


def _quote(provider: Discounts, basket: Basket) -> Discounted:
    return provider.quote(basket)


def _methods(provider: Shipping, basket: Basket) -> tuple[Method, ...]:
    return provider.methods(basket)


def _wrong_methods(_basket: Basket, answer: tuple[Method, ...]) -> Iterator[str]:
    return wrong_methods(answer)


def _assess(provider: Taxes, basket: Basket) -> Assessment:
    return provider.assess(basket)
