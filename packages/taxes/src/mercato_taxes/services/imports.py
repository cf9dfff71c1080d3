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
        report: Is called with the number of rates that were created, and of all to create.
        dry_run: Only count what would be done.
    """
    known = _known({rate.country for rate in rates})
    created = [rate for rate in rates if key_of(rate) not in known]
    pairs = [(known[key_of(rate)], rate) for rate in rates if key_of(rate) in known]
    changed = [(row, new) for row, rate in pairs if (new := _differences(row, rate))]
    if not dry_run and (created or changed):
        _write(created, changed, report)
        facts = {"created": len(created), "changed": len(changed)}
        security.record("tax_rates_imported", **facts)
    return Imported(len(created), len(changed), len(pairs) - len(changed))


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


def _write(
    created: Sequence[NewRate],
    changed: Sequence[tuple[Rate, Mapping[str, Any]]],
    report: Callable[[int, int], object],
) -> None:
    for row, values in changed:
        for name, value in values.items():
            setattr(row, name, value)
    for done, rate in enumerate(created, 1):
        session.add(make_rate(rate))
        if done % BATCH == 0:
            session.flush()
            report(done, len(created))
