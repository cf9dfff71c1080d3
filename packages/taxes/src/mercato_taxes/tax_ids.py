"""VAT ids of the European Union. Form and check digits are checked, not whether one is in use."""

from stdnum.eu import vat
from stdnum.exceptions import ValidationError

EUROPEAN_UNION = frozenset(
    """
    AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK
    """.split()
)
"""Codes of the 27 member states."""

_PREFIXES = {country: country for country in EUROPEAN_UNION - {"GR"}} | {"EL": "GR"}
"""The country of each prefix: that of Greece differs. Others, such as EU, are no VAT ids."""


def country_of(tax_id: str) -> str | None:
    """Return the member state that a VAT id belongs to; None if it is not valid."""
    try:
        return _PREFIXES.get(vat.validate(tax_id)[:2])
    except ValidationError:
        return None
