"""Values of pricing: parts of a price, in minor units of the order's currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mercato_contracts.baskets import Basket
from mercato_contracts.catalog import QuoteLine
from mercato_contracts.discounts import Reduction, Use
from mercato_orders.values import percent

TAX_RELIEF = "tax_relief"
"""The code of a discount that is the tax which a listed price contains and which is not due."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A reduction, and the provider that offered it."""

    provider: str
    reduction: Reduction


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A part of the price of a line or of shipping.

    Args:
        kind: What it is.
        target: What it belongs to.
        position: The line; None for shipping.
        provider: Name of the provider that it comes from.
        label: Its name, for customers.
        amount: Minor units; below 0 for a discount.
        code: The discount code, the method's code or the tax's code.
        reduction_id: The provider's id of a reduction.
        rate_ppm: The rate of a tax.
        reason: Why the rate applies.
    """

    kind: Literal["discount", "shipping", "tax"]
    target: Literal["line", "shipping"]
    position: int | None
    provider: str
    label: str
    amount: int
    code: str | None = None
    reduction_id: str | None = None
    rate_ppm: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Reduced:
    """A basket after discounts.

    Args:
        basket: The basket; its lines and its shipping have the discounts.
        adjustments: One for each reduction of each line, and of shipping.
        uses: Each reduction that had an effect, with its provider.
        without_effect: Codes that took nothing off.
    """

    basket: Basket
    adjustments: tuple[Adjustment, ...] = ()
    uses: tuple[tuple[str, Use], ...] = ()
    without_effect: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Priced:
    """A basket with all its amounts. The names are those of the API.

    Args:
        basket: The basket after discounts and relief from tax.
        tax_included: Whether amounts contain tax.
        tax_estimated: Whether the address was not known.
        line_taxes: The tax of each line.
        line_rates: The sum of the rates of each line, in ppm.
        shipping_tax: The tax of shipping.
        adjustments: All parts of the price besides listed prices.
    """

    basket: Basket
    tax_included: bool
    tax_estimated: bool
    line_taxes: Sequence[int]
    line_rates: Sequence[int]
    shipping_tax: int
    adjustments: tuple[Adjustment, ...]
    amount_subtotal: int
    amount_discount: int
    amount_shipping: int
    amount_tax: int
    amount_total: int


@dataclass(frozen=True, slots=True)
class PricedLine:
    """Units of one variant with their price.

    Args:
        item: The variant as quoted.
        quantity: Units.
        amount_subtotal: Quantity times unit price.
        amount_discount: What discounts take off.
        tax_rate_ppm: The sum of its tax rates.
        amount_tax: Tax.
        amount_total: Amount to pay.
    """

    item: QuoteLine
    quantity: int
    amount_subtotal: int
    amount_discount: int
    tax_rate_ppm: int
    amount_tax: int
    amount_total: int

    @property
    def tax_rate(self) -> str:
        """The sum of its tax rates, in percent."""
        return percent(self.tax_rate_ppm)


@dataclass(frozen=True, slots=True)
class PricedOrder:
    """Priced lines in the order of the basket, and the totals."""

    lines: tuple[PricedLine, ...]
    total: Priced
