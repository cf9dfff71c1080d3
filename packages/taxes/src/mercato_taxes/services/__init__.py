"""Services of taxes: they take plain values and never commit."""

from mercato_taxes.services.assessments import assess_basket, missing_rates
from mercato_taxes.services.imports import import_rates, key_of
from mercato_taxes.services.rates import (
    all_rates,
    change_rate,
    create_rate,
    delete_rate,
    find_rate,
    list_rates,
    mistakes_of,
)

__all__ = [
    "all_rates",
    "assess_basket",
    "change_rate",
    "create_rate",
    "delete_rate",
    "find_rate",
    "import_rates",
    "key_of",
    "list_rates",
    "missing_rates",
    "mistakes_of",
]
