"""Tax rates are listed, created, changed and deleted."""

from collections.abc import Container, Iterator, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import security
from mercato_kit.db import check_version, found, locked, refuse, session, unique_key
from mercato_kit.errors import FieldError, Invalid
from mercato_kit.http import PageRequest
from mercato_kit.views import Shown
from mercato_taxes.errors import RateExists
from mercato_taxes.models import Rate
from mercato_taxes.values import NewRate
from mercato_taxes.views import RATES

KEY = unique_key(Rate, "country", "region", "tax_code", "code", "valid_from")


def list_rates(page: PageRequest, **filters: Any) -> Shown:
    """Return a page of rates."""
    return RATES.page(page, **filters)


def all_rates() -> Iterator[Rate]:
    """Return all rates, by country, region, tax code, code and time."""
    return session.scalars(sa.select(Rate).order_by(*KEY.columns))


def find_rate(rate_id: UUID) -> Shown:
    """Return a rate.

    Raises:
        NotFound: It does not exist.
    """
    return RATES.one(id=rate_id)


def create_rate(new: NewRate) -> Rate:
    """Create a rate.

    Raises:
        Invalid: Its members contradict each other.
        RateExists: There is one of the same place, tax code, code and time.
    """
    _require_sound(new)
    rate = make_rate(new)
    with refuse({KEY: RateExists}):
        session.add(rate)
    security.record("tax_rate_created", rate_id=rate.id, code=rate.code, ppm=rate.ppm)
    return rate


def change_rate(rate_id: UUID, changes: Mapping[str, Any], *, versions: Container[int]) -> Rate:
    """Change a rate. Orders that were placed keep their tax.

    Args:
        rate_id: Id of the rate.
        changes: New values by column.
        versions: The versions that the caller accepts; usually the one that it read.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since.
        Invalid: Its members would contradict each other.
    """
    rate = _lock(rate_id, versions)
    before = rate.ppm
    for name, value in changes.items():
        setattr(rate, name, value)
    with session.no_autoflush:
        _require_sound(rate)
    session.flush()
    facts = {"code": rate.code, "before": before, "after": rate.ppm}
    security.record("tax_rate_changed", rate_id=rate_id, **facts)
    return rate


def delete_rate(rate_id: UUID, *, versions: Container[int]) -> None:
    """Delete a rate.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since.
    """
    rate = _lock(rate_id, versions)
    session.delete(rate)
    security.record("tax_rate_deleted", rate_id=rate_id, code=rate.code, ppm=rate.ppm)


def mistakes_of(rate: NewRate | Rate) -> Iterator[FieldError]:
    """Find members of a rate that contradict each other."""
    if rate.reason in ("zero", "exempt") and rate.ppm:
        yield FieldError("/ppm", "max", f"Must be 0 where the reason is {rate.reason}.")
    if rate.valid_until is not None and rate.valid_until <= rate.valid_from:
        yield FieldError("/valid_until", "min", "Must be after valid_from.")


def make_rate(new: NewRate) -> Rate:
    """Return the entity of a new rate."""
    return Rate(
        country=new.country,
        region=new.region,
        tax_code=new.tax_code,
        code=new.code,
        label=new.label,
        ppm=new.ppm,
        reason=new.reason,
        valid_from=new.valid_from,
        valid_until=new.valid_until,
        metadata_=dict(new.metadata_),
    )


def _lock(rate_id: UUID, versions: Container[int]) -> Rate:
    rate = found(session.scalar(locked(sa.select(Rate).where(Rate.id == rate_id))))
    check_version(rate, versions)
    return rate


def _require_sound(rate: NewRate | Rate) -> None:
    if mistakes := list(mistakes_of(rate)):
        raise Invalid(errors=mistakes)
