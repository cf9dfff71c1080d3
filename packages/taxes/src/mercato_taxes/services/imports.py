"""Rates are imported: all or none, and a second time without effect."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mercato_kit import security
from mercato_kit.db import locked, session
from mercato_kit.lists import any_of
from mercato_taxes.models import Rate
from mercato_taxes.services.rates import KEY, make_rate
from mercato_taxes.values import Imported, NewRate

BATCH = 1_000
"""Rates after which the rows are sent, and the progress is reported."""

_CHANGED = ("label", "ppm", "reason", "valid_until")

Key = tuple[str, str, str, str, datetime]


def import_rates(
    rates: Sequence[NewRate],
    report: Callable[[int, int], object] = lambda _done, _count: None,
    *,
    dry_run: bool = False,
) -> Imported:
    """Create the rates that there are not yet, and change the others to what is given.

    Rates that are not given stay. Each place, tax code, code and time is given once.

    Args:
        rates: The rates.
        report: Is called with the number of rates that were looked at, and of all.
        dry_run: Only count what would be done.
    """
    known = _known({rate.country for rate in rates})
    created = changed = 0
    for done, rate in enumerate(rates, 1):
        row = known.get(key_of(rate))
        if row is None:
            created += 1
            _apply(dry_run, session.add, make_rate(rate))
        elif new := _differences(row, rate):
            changed += 1
            _apply(dry_run, _set, row, new)
        if done % BATCH == 0:
            session.flush()
            report(done, len(rates))
    if created or changed:
        _apply(dry_run, _record, created, changed)
    return Imported(created, changed, len(rates) - created - changed)


def key_of(rate: NewRate | Rate) -> Key:
    """Return what identifies a rate."""
    return rate.country, rate.region, rate.tax_code, rate.code, rate.valid_from


def _known(countries: Iterable[str]) -> Mapping[Key, Rate]:
    rows = session.scalars(
        locked(sa.select(Rate).where(any_of(Rate.country, list(countries))).order_by(*KEY.columns))
    )
    return {key_of(row): row for row in rows}


def _differences(row: Rate, rate: NewRate) -> Mapping[str, Any]:
    return {
        name: getattr(rate, name) for name in _CHANGED if getattr(row, name) != getattr(rate, name)
    }


def _apply(dry_run: bool, change: Callable[..., object], *arguments: Any) -> None:  # noqa: FBT001
    if not dry_run:
        change(*arguments)


def _set(row: Rate, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _record(created: int, changed: int) -> None:
    security.record("tax_rates_imported", created=created, changed=changed)
