"""Zones as the rows of a CSV file, one a rate, and back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mercato_kit.csv_files import InvalidCsv, Row, read_csv
from mercato_shipping.schemas import RateRowSchema
from mercato_shipping.values import NewArea, NewMethod, NewRate, NewZone

_OF_METHOD = ("label", "tax_code", "days_min", "days_max")


def read_zones(path: Path) -> list[NewZone]:
    """Return the zones of a file, in the order of their first rows.

    Raises:
        InvalidCsv: It has mistakes, or rows of one zone or method contradict each other.
    """
    rows = read_csv(path, RateRowSchema())
    if mistakes := [f"{path.name}:{line}: {what}" for line, what in _contradictions(rows)]:
        raise InvalidCsv(mistakes)
    zones: dict[str, list[Mapping[str, Any]]] = {}
    for _, row in rows:
        zones.setdefault(row["zone"], []).append(row)
    return [_zone(code, of_zone) for code, of_zone in zones.items()]


def rows_of(zones: Iterable[NewZone]) -> Iterator[dict[str, Any]]:
    """Return the rows of zones: one a rate, or one for a zone without methods."""
    for zone in zones:
        head = {"zone": zone.code, "areas": " ".join(map(_word, zone.areas))}
        if not zone.methods:
            yield head
        for method in zone.methods:
            shared = {name: getattr(method, name) for name in _OF_METHOD}
            for rate in method.rates:
                yield {**head, "method": method.code, **shared, **_cells(rate)}


def _contradictions(rows: Sequence[Row]) -> Iterator[tuple[int, str]]:
    """Find what differs in rows of one zone or method, and areas and rates that are repeated."""
    first: dict[tuple[object, ...], tuple[int, Mapping[str, Any]]] = {}
    for line, row in rows:
        zone, method = row["zone"], row.get("method")
        for key, names in (((zone,), ("areas",)), ((zone, method), _OF_METHOD)):
            before, other = first.setdefault(key, (line, row))
            for name in names:
                if row.get(name) != other.get(name):
                    yield line, f"{name}: differs from line {before}"
        for area in row["areas"]:
            before, other = first.setdefault(("area", area), (line, row))
            if other["zone"] != zone:
                yield line, f"areas: {_word(area)} is in another zone, in line {before}"
        rate = (zone, method, *(row.get(name) for name in ("currency", "up_to_grams")))
        before, _ = first.setdefault((*rate, row.get("from_amount", 0)), (line, row))
        if before != line:
            yield line, f"is the same rate as line {before}"


def _zone(code: str, rows: Sequence[Mapping[str, Any]]) -> NewZone:
    methods: dict[str, NewMethod] = {}
    for row in rows:
        if "method" not in row:
            continue
        shared: dict[str, Any] = {name: row.get(name) for name in _OF_METHOD}
        method = methods.get(row["method"]) or NewMethod(code=row["method"], rates=[], **shared)
        methods[method.code] = replace(method, rates=[*method.rates, _rate(row)])
    return NewZone(code=code, areas=rows[0]["areas"], methods=[*methods.values()])


def _rate(row: Mapping[str, Any]) -> NewRate:
    return NewRate(
        row["currency"], row["amount"], row.get("from_amount", 0), row.get("up_to_grams")
    )


def _cells(rate: NewRate) -> dict[str, Any]:
    return {
        "currency": rate.currency,
        "from_amount": rate.from_amount,
        "up_to_grams": rate.up_to_grams,
        "amount": rate.amount,
    }


def _word(area: NewArea) -> str:
    return f"{area.country}-{area.postal_prefix}" if area.postal_prefix else area.country
