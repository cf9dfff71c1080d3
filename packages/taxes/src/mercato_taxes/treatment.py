"""Decide which country's rates apply to a customer, and whether they are due."""

from dataclasses import dataclass
from typing import Literal

from mercato_contracts.baskets import Address
from mercato_contracts.taxes import InvalidTaxId
from mercato_taxes.settings import TaxesSettings
from mercato_taxes.tax_ids import EUROPEAN_UNION, country_of

Relief = Literal["reverse_charge", "export", "not_registered"]


@dataclass(frozen=True, slots=True)
class Treatment:
    """Whose rates are read.

    Args:
        country: The country whose rates apply.
        region: Its region in upper case; empty if it is not known.
        relief: Why the tax is not due; then the rates are those that listed prices contain.
    """

    country: str
    region: str = ""
    relief: Relief | None = None


def treat(settings: TaxesSettings, address: Address | None, tax_id: str | None) -> Treatment:
    """Return how a customer is taxed.

    Args:
        settings: Where the shop is, and where it charges tax.
        address: Where the goods are sent; None for the shop's own country.
        tax_id: The customer's VAT id.

    Raises:
        InvalidTaxId: The customer is in the European Union, and it is no VAT id.
    """
    home = settings.country
    country = home if address is None else address.country
    buyer = _country_of(tax_id, country)
    if address is None:
        return Treatment(home)
    region = _region_of(address)
    if country != home and {home, country} <= EUROPEAN_UNION:
        if settings.tax_id is not None and buyer not in (None, home):
            return Treatment(home, relief="reverse_charge")
        if not settings.one_stop_shop and not _registrations(settings, country):
            return Treatment(home)
        return Treatment(country, region)
    if country != home and not _registrations(settings, country):
        return Treatment(home, relief="export")
    if not _charges_in(settings, country, region):
        return Treatment(home, relief="not_registered")
    return Treatment(country, region)


def _country_of(tax_id: str | None, country: str) -> str | None:
    """Return the country of a VAT id; None without one, and where there are none."""
    if not tax_id or country not in EUROPEAN_UNION:
        return None
    found = country_of(tax_id)
    if found is None:
        raise InvalidTaxId
    return found


def _region_of(address: Address) -> str:
    """Return the region in upper case, without the country before it: ``US-CA`` is ``CA``."""
    region = (address.region or "").strip().upper()
    return region.removeprefix(f"{address.country}-")


def _registrations(settings: TaxesSettings, country: str) -> list[str]:
    return [place for place in settings.registrations if place.partition("-")[0] == country]


def _charges_in(settings: TaxesSettings, country: str, region: str) -> bool:
    """Return whether the shop charges tax in a region of a country where it is registered."""
    places = _registrations(settings, country)
    return not places or country in places or f"{country}-{region}" in places
