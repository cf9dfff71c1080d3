"""Valid rates and request bodies."""

from datetime import UTC, datetime

from mercato_taxes.services import create_rate
from mercato_taxes.values import NewRate

START = datetime(2020, 1, 1, tzinfo=UTC)

STANDARD = {
    "country": "DE",
    "tax_code": "standard",
    "code": "de-standard",
    "label": "VAT 19 %",
    "ppm": 190_000,
    "valid_from": "2020-01-01T00:00:00.000Z",
}
"""The body of a request that creates a rate."""


def make_rate(country="DE", ppm=190_000, tax_code="standard", **members):
    """Create a rate."""
    values = {"code": f"{country}-{tax_code}".lower(), "label": f"VAT {ppm}", "valid_from": START}
    return create_rate(NewRate(country=country, tax_code=tax_code, ppm=ppm, **(values | members)))


def make_european_rates():
    """Create rates of Germany, France and Greece."""
    make_rate()
    make_rate(ppm=70_000, tax_code="books", reason="reduced")
    make_rate("FR", 200_000)
    make_rate("FR", 55_000, tax_code="books", reason="reduced")
    make_rate("GR", 240_000)
