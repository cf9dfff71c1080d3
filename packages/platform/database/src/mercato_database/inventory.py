"""What ``mercato data`` and ``mercato data show`` say of the data in a database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from mercato_database.history import KIT
from mercato_database.holdings import Holding, rows_in_words


def row_of(holding: Holding, rows: Mapping[str, int], named: Collection[str]) -> dict[str, Any]:
    """Return what the list of all data says of one feature.

    Args:
        holding: Its data.
        rows: The number of rows by table.
        named: The features that the deployment names.
    """
    entry = holding.entry
    return {
        **_head(holding),
        "tables": len(holding.tables),
        "rows": sum(rows.values()),
        "exists": holding.exists,
        "named": holding.feature == KIT or holding.feature in named,
        "purged_at": _moment(entry.purged_at if entry else None),
    }


def line_of(row: Mapping[str, Any]) -> str:
    """Return the line of a row."""
    if row["exists"]:
        state = f"{row['tables']} tables, {rows_in_words(row['rows'])}"
        state += "" if row["named"] else "; this deployment does not name it"
    else:
        state = f"purged {row['purged_at'][:10]}" if row["purged_at"] else "no data"
    return f"{_described(row)}, {state}"


def details_of(
    holding: Holding, rows: Mapping[str, int], blockers: Sequence[str]
) -> dict[str, Any]:
    """Return everything that is known of the data of one feature.

    Args:
        holding: Its data.
        rows: The number of rows by table.
        blockers: Why its data is not purged.
    """
    entry = holding.entry
    known = entry.revisions if entry else {}
    return {
        **_head(holding),
        "first_found_at": _moment(entry.first_seen_at if entry else None),
        "last_found_at": _moment(entry.last_seen_at if entry else None),
        "purged_at": _moment(entry.purged_at if entry else None),
        "revisions": [
            {"revision": number, "phase": one["phase"], "since": one["since"] or None}
            for number, one in sorted(known.items())
        ],
        "rows": dict(rows),
        "purge_refused": list(blockers),
    }


def lines_of(details: Mapping[str, Any]) -> Iterator[str]:
    """Give the lines of :func:`details_of`."""
    yield _described(details)
    for key in ("first_found_at", "last_found_at", "purged_at"):
        if at := details[key]:
            yield f"  {key.removesuffix('_at').replace('_', ' ')} {at.replace('T', ' ')}"
    for one in details["revisions"]:
        since = one["since"] or "unknown"
        yield f"  schema {one['revision']} ({one['phase']}): since {since}"
    yield from lines_of_rows(details["rows"])
    for blocker in details["purge_refused"]:
        yield f"  purge refused: {blocker}"


def lines_of_rows(rows: Mapping[str, int]) -> Iterator[str]:
    """Give a line with the number of rows of each table."""
    for table, count in rows.items():
        yield f"  {table}: {rows_in_words(count)}"


def _head(holding: Holding) -> dict[str, Any]:
    entry = holding.entry
    return {
        "feature": holding.feature,
        "distribution": entry and entry.distribution,
        "version": entry and entry.wheel_version,
        "schema": holding.head or (entry and entry.schema_head),
    }


def _described(row: Mapping[str, Any]) -> str:
    wheel = " ".join(filter(None, (row["distribution"], row["version"]))) or "unknown wheel"
    return f"{row['feature']}: {wheel}, schema {row['schema']}"


def _moment(time: datetime | None) -> str | None:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else None
