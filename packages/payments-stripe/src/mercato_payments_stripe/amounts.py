"""Amounts of ISO 4217 and amounts of Stripe, which counts some currencies in other units."""

from typing import Final

from mercato_contracts.money import EXPONENTS
from mercato_contracts.payments import Refused

LARGEST: Final = 999_999_999_999
"""The largest amount in any currency. Many currencies have lower limits, which Stripe checks."""

_TWO_DECIMALS_MORE: Final = ("ISK", "UGX")
_WHOLE_UNITS: Final = ("MGA",)
_TENS: Final = ("BHD", "JOD", "KWD", "OMR", "TND")
"""Stripe takes three decimals of these, and the last one has to be 0."""


def to_stripe(amount: int, currency: str) -> int:
    """Return an amount as Stripe counts it.

    Args:
        amount: Minor units of ISO 4217, 1 or more.
        currency: ISO 4217 code.

    Raises:
        Refused: Stripe cannot charge exactly this amount.

    Source: https://docs.stripe.com/currencies, special cases.
    """
    if currency not in EXPONENTS or (EXPONENTS[currency] == 3 and currency not in _TENS):
        raise Refused("currency_unsupported", f"Stripe does not charge {currency}.")
    step = 10 if currency in _TENS else 100 if currency in _WHOLE_UNITS else 1
    if amount % step:
        raise Refused("amount_not_exact", f"Stripe charges {currency} in steps of {step}.")
    converted = _scaled(amount, currency)
    if converted > LARGEST:
        raise Refused("amount_too_large", "Stripe does not charge so much at once.")
    return converted


def from_stripe(amount: int, currency: str) -> int:
    """Return an amount of Stripe in minor units of ISO 4217.

    Args:
        amount: As Stripe counts it.
        currency: ISO 4217 code, in any case.

    Raises:
        ValueError: It is not a whole number of minor units.
    """
    code = currency.upper()
    if code in _WHOLE_UNITS:
        return amount * 100
    if code not in _TWO_DECIMALS_MORE:
        return amount
    if amount % 100:
        raise ValueError(f"{amount} of {code} is not a whole number of minor units")
    return amount // 100


def _scaled(amount: int, currency: str) -> int:
    if currency in _WHOLE_UNITS:
        return amount // 100
    return amount * 100 if currency in _TWO_DECIMALS_MORE else amount
