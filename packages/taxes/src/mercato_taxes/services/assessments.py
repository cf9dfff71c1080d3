"""The taxes of a basket."""

from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import product
from operator import itemgetter

import sqlalchemy as sa

from mercato_contracts.baskets import Basket
from mercato_contracts.taxes import Assessment, Rate as TaxRate, Tax
from mercato_kit.db import utc_now
from mercato_kit.lists import any_of
from mercato_kit.reads import Read
from mercato_kit.settings import current_settings
from mercato_taxes.errors import NoTaxRate
from mercato_taxes.models import Rate
from mercato_taxes.settings import TaxesSettings
from mercato_taxes.tax_ids import EUROPEAN_UNION
from mercato_taxes.treatment import Relief, Treatment, treat

_APPLYING = Read(
    sa.select(
        Rate.region, Rate.tax_code, Rate.code, Rate.label, Rate.ppm, Rate.reason, Rate.valid_from
    ).where(
        Rate.country == sa.bindparam("country"),
        any_of(Rate.region, "regions"),
        any_of(Rate.tax_code, "tax_codes"),
        Rate.valid_from <= sa.bindparam("at"),
        sa.or_(Rate.valid_until.is_(None), Rate.valid_until > sa.bindparam("at")),
    )
)

_EXEMPT = Tax((TaxRate("exempt", "Exempt from tax", 0, "exempt"),))
_NOT_DUE: Mapping[Relief, TaxRate] = {
    "reverse_charge": TaxRate("reverse-charge", "Reverse charge", 0, "reverse_charge"),
    "export": TaxRate("export", "Export, without tax", 0, "export"),
    "not_registered": TaxRate("not-registered", "No tax is charged", 0, "not_registered"),
}

Rates = Mapping[str, tuple[TaxRate, ...]]
"""The rates that are due together, by tax code."""


def assess_basket(basket: Basket) -> Assessment:
    """Return the taxes of a basket; at most one SELECT.

    Raises:
        InvalidTaxId: ``basket.tax_id`` is no VAT id.
        NoTaxRate: A rate that is needed is not in the table.
    """
    settings = current_settings(TaxesSettings)
    address = basket.shipping_address or basket.billing_address
    treatment = treat(settings, address, basket.tax_id)
    codes = [line.tax_code for line in basket.lines]
    if basket.shipping is not None:
        codes.append(basket.shipping.tax_code)
    taxes = _taxes(codes, treatment, settings, basket.at)
    return Assessment(
        included=settings.prices_include_tax,
        lines=tuple(taxes[: len(basket.lines)]),
        shipping=None if basket.shipping is None else taxes[-1],
        rounding=settings.rounding,
        estimated=address is None,
    )


def missing_rates() -> str | None:
    """Return which places, where tax is charged, have no rate now; None if there are none."""
    settings = current_settings(TaxesSettings)
    code = settings.default_tax_code
    union = EUROPEAN_UNION if settings.one_stop_shop else frozenset()
    places = sorted({settings.country, *settings.registrations, *union})
    without = [
        place
        for place in places
        if code not in _rates(Treatment(*_split(place)), {code}, code, utc_now())
    ]
    if not without:
        return None
    return f"no rate for {code!r} in {', '.join(without)}: import them with mercato taxes import"


def _taxes(
    codes: list[str | None], treatment: Treatment, settings: TaxesSettings, at: datetime
) -> list[Tax]:
    """Return the tax of each part by its tax code."""
    default = settings.default_tax_code
    named = [code or default for code in codes]
    wanted = set(named).difference(settings.exempt_tax_codes)
    rates: Rates = {}
    if wanted and (settings.prices_include_tax or treatment.relief is None):
        rates = _rates(treatment, wanted, default, at)
        if missing := sorted(wanted - rates.keys()):
            raise NoTaxRate(treatment.country, missing[0])
    return [
        _tax(rates.get(code, ()), treatment.relief) if code in wanted else _EXEMPT for code in named
    ]


def _tax(rates: tuple[TaxRate, ...], relief: Relief | None) -> Tax:
    if relief is None:
        return Tax(rates)
    return Tax((_NOT_DUE[relief],), relief_ppm=sum(rate.ppm for rate in rates))


def _rates(treatment: Treatment, wanted: Collection[str], default: str, at: datetime) -> Rates:
    """Return the rates of each wanted code that has some."""
    regions = sorted({"", treatment.region})
    rows = _APPLYING.rows(
        country=treatment.country, regions=regions, tax_codes=[*wanted, default], at=at
    )
    places: dict[tuple[str, str], dict[str, TaxRate]] = {}
    # Of two rates of one tax, the one that began later replaces the other.
    for region, tax_code, code, label, ppm, reason, _ in sorted(rows, key=itemgetter(-1)):
        places.setdefault((region, tax_code), {})[code] = TaxRate(code, label, ppm, reason)
    found = {}
    for code in wanted:
        # A region's own rates come first, then those of this code.
        keys = product(reversed(regions), (code, default))
        if taxes := next((places[key] for key in keys if key in places), None):
            found[code] = tuple(taxes[name] for name in sorted(taxes))
    return found


def _split(place: str) -> tuple[str, str]:
    country, _, region = place.partition("-")
    return country, region
