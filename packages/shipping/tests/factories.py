"""Valid zones and request bodies."""

from mercato_shipping.services import import_zones
from mercato_shipping.values import NewArea, NewMethod, NewRate, NewZone

GERMANY = {
    "code": "germany",
    "areas": [{"country": "DE", "postal_prefix": ""}],
    "methods": [
        {
            "code": "standard",
            "label": "Standard",
            "tax_code": None,
            "days_min": 2,
            "days_max": 3,
            "rates": [
                {"currency": "EUR", "amount": 490, "from_amount": 0, "up_to_grams": 5000},
                {"currency": "EUR", "amount": 0, "from_amount": 10000, "up_to_grams": None},
            ],
        }
    ],
}
"""The body of a request that creates a zone."""


def zone_of(code, *areas, methods=("standard",), amount=490, currency="EUR"):
    """Return a zone whose methods have one price; areas are ``DE`` or ``DE-27498``."""
    rates = [NewRate(currency, amount)]
    return NewZone(
        code=code,
        areas=sorted(NewArea(*area.split("-")) for area in areas),
        methods=[NewMethod(code=one, label=one.title(), rates=rates) for one in methods],
    )


def make_zones(*zones):
    """Create zones."""
    import_zones(zones)


def make_german_zone():
    """Create a zone with two methods, of which one is free above 100.00."""
    rates = [NewRate("EUR", 490, 0, 5_000), NewRate("EUR", 990, 0, 31_500)]
    standard = NewMethod(
        code="standard",
        label="Standard",
        days_min=2,
        days_max=3,
        rates=[*rates, NewRate("EUR", 0, 10_000)],
    )
    express = NewMethod(
        code="express", label="Express", tax_code="services", rates=[NewRate("EUR", 1_990)]
    )
    make_zones(NewZone(code="germany", areas=[NewArea("DE")], methods=[standard, express]))
