"""Zones are listed, created, replaced and deleted, each with all its parts."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from mercato_kit import security
from mercato_kit.db import check_version, found, locked, refuse, session, touch, unique_key
from mercato_kit.errors import FieldError, Invalid
from mercato_kit.http import PageRequest
from mercato_kit.views import Shown
from mercato_shipping.errors import AreaTaken, ZoneCodeTaken
from mercato_shipping.models import Area, Method, Rate, Zone
from mercato_shipping.values import NewArea, NewMethod, NewRate, NewZone
from mercato_shipping.views import ZONES

_CODE = unique_key(Zone, "code")
_AREA = cast("sa.Table", Area.__table__).primary_key
PARTS = (selectinload(Zone.areas), selectinload(Zone.methods).selectinload(Method.rates))


def list_zones(page: PageRequest, **filters: Any) -> Shown:
    """Return a page of zones."""
    return ZONES.page(page, **filters)


def find_zone(zone_id: UUID) -> Shown:
    """Return a zone.

    Raises:
        NotFound: It does not exist.
    """
    return ZONES.one(id=zone_id)


def all_zones() -> list[NewZone]:
    """Return all zones with their parts, by code."""
    zones = session.scalars(sa.select(Zone).options(*PARTS).order_by(Zone.code))
    return [value_of(zone) for zone in zones]


def create_zone(new: NewZone) -> Shown:
    """Create a zone.

    Raises:
        Invalid: Two of its parts are the same, or contradict each other.
        ZoneCodeTaken: Another zone has the code.
        AreaTaken: Another zone has one of the areas.
    """
    _require_sound(new)
    zone = Zone(code=new.code)
    session.add(zone)
    write_zones([(zone, new)])
    security.record("shipping_zone_created", zone_id=zone.id, code=zone.code)
    return ZONES.one(id=zone.id)


def replace_zone(zone_id: UUID, new: NewZone, *, versions: Container[int]) -> Shown:
    """Replace a zone and all its parts. Orders that were placed keep their price.

    Args:
        zone_id: Id of the zone.
        new: What it becomes.
        versions: The versions that the caller accepts; usually the one that it read.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since.
        Invalid: Two of its parts are the same, or contradict each other.
        ZoneCodeTaken: Another zone has the code.
        AreaTaken: Another zone has one of the areas.
    """
    _require_sound(new)
    zone = _lock(zone_id, versions)
    write_zones([(zone, new)])
    security.record("shipping_zone_changed", zone_id=zone_id, code=zone.code)
    return ZONES.one(id=zone_id)


def delete_zone(zone_id: UUID, *, versions: Container[int]) -> None:
    """Delete a zone.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since.
    """
    zone = _lock(zone_id, versions)
    session.delete(zone)
    security.record("shipping_zone_deleted", zone_id=zone_id, code=zone.code)


def write_zones(zones: Sequence[tuple[Zone, NewZone]]) -> None:
    """Give zones the parts of their values.

    All of them lose their parts first, so that areas can move between them.

    Raises:
        ZoneCodeTaken: Another zone has the code.
        AreaTaken: Another zone has one of the areas.
    """
    with refuse({_CODE: ZoneCodeTaken}):
        for zone, new in zones:
            zone.areas.clear()
            zone.methods.clear()
            zone.code = new.code
            touch(zone)
            if new.metadata_ is not None:
                zone.metadata_ = dict(new.metadata_)
    with refuse({_AREA: AreaTaken}):
        for zone, new in zones:
            zone.areas = [
                Area(country=one.country, postal_prefix=one.postal_prefix) for one in new.areas
            ]
            zone.methods = [_method(place, one) for place, one in enumerate(new.methods)]


def value_of(zone: Zone) -> NewZone:
    """Return a zone as what would create it."""
    return NewZone(
        code=zone.code,
        areas=[NewArea(area.country, area.postal_prefix) for area in zone.areas],
        methods=[
            NewMethod(
                code=method.code,
                label=method.label,
                tax_code=method.tax_code,
                days_min=method.days_min,
                days_max=method.days_max,
                rates=[
                    NewRate(rate.currency, rate.amount, rate.from_amount, rate.up_to_grams)
                    for rate in method.rates
                ],
            )
            for method in zone.methods
        ],
    )


def _mistakes_of(new: NewZone) -> Iterator[FieldError]:
    """Find parts of a zone that are the same, or contradict each other."""
    yield from _repeated("/areas", new.areas)
    yield from _repeated("/methods", [method.code for method in new.methods])
    for place, area in enumerate(new.areas):
        if area.country == "*" and area.postal_prefix:
            pointer = f"/areas/{place}/postal_prefix"
            yield FieldError(pointer, "max_length", "Must be empty for all countries.")
    for place, method in enumerate(new.methods):
        if method.days_max is not None and method.days_max < (method.days_min or 0):
            pointer = f"/methods/{place}/days_max"
            yield FieldError(pointer, "min", "Must not be below days_min.")
        keys = [(rate.currency, rate.from_amount, rate.up_to_grams) for rate in method.rates]
        yield from _repeated(f"/methods/{place}/rates", keys)


def _repeated(pointer: str, items: Iterable[object]) -> Iterator[FieldError]:
    seen: Counter[object] = Counter()
    for place, item in enumerate(items):
        seen[item] += 1
        if seen[item] == 2:
            yield FieldError(f"{pointer}/{place}", "repeated", "Is the same as one before.")


def _require_sound(new: NewZone) -> None:
    if mistakes := list(_mistakes_of(new)):
        raise Invalid(errors=mistakes)


def _method(position: int, new: NewMethod) -> Method:
    return Method(
        position=position,
        code=new.code,
        label=new.label,
        tax_code=new.tax_code,
        days_min=new.days_min,
        days_max=new.days_max,
        rates=[
            Rate(
                position=place,
                currency=rate.currency,
                amount=rate.amount,
                from_amount=rate.from_amount,
                up_to_grams=rate.up_to_grams,
            )
            for place, rate in enumerate(new.rates)
        ],
    )


def _lock(zone_id: UUID, versions: Container[int]) -> Zone:
    zone = found(session.scalar(locked(sa.select(Zone).where(Zone.id == zone_id))))
    check_version(zone, versions)
    return zone
