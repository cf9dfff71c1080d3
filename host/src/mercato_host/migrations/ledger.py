"""The ledger: every feature that a database has known, also where its wheel is gone."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from packaging.version import InvalidVersion
from packaging.version import Version

from mercato_database.revisions import Revision
from mercato_kit.db import utc_now
from mercato_kit.feature import Feature
from mercato_kit.models import KnownFeature

LEDGER = KnownFeature.metadata.tables[KnownFeature.__tablename__]


@dataclass(frozen=True, slots=True)
class Release:
    """A wheel: the distribution and its version, where a wheel brought the feature."""

    distribution: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger says about one feature.

    Args:
        feature: Its name.
        release: The wheel that migrated last.
        schema_head: The revision its tables were left at.
        tables: Its tables.
        revisions: Of each revision its phase, and the oldest wheel seen that knows it (``since``).
        referents: ``table.column`` of ids that others keep, by their word.
        references: Word and policy of ids of others, by ``table.column``.
        first_seen_at: When its first wheel migrated here.
        last_seen_at: When its last one did.
        purged_at: When its data was purged, if it was.
    """

    feature: str
    release: Release
    schema_head: str
    tables: Sequence[str] = ()
    revisions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    referents: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    purged_at: datetime | None = None


def read(connection: sa.Connection) -> dict[str, Entry]:
    """Read the ledger; a database that never had one has nothing in it."""
    if not sa.inspect(connection).has_table(LEDGER.name):
        return {}
    rows = connection.execute(sa.select(LEDGER).order_by(LEDGER.c.feature))
    return {
        row.feature: Entry(
            feature=row.feature,
            release=Release(row.distribution, row.wheel_version),
            schema_head=row.schema_head,
            tables=row.tables,
            revisions=row.revisions,
            referents=row.referents,
            references=row.soft_references,
            first_seen_at=row.first_seen_at,
            last_seen_at=row.last_seen_at,
            purged_at=row.purged_at,
        )
        for row in rows
    }


def record(
    connection: sa.Connection,
    manifest: Feature,
    revisions: Sequence[Revision],
    head: str,
    release: Release,
) -> None:
    """Write down what a wheel left in the database, in the transaction that left it.

    Args:
        connection: Within that transaction.
        manifest: Of the feature; for the kit's own tables one that holds nothing else.
        revisions: Those that the wheel knows.
        head: The revision that its tables are at now.
        release: The wheel.
    """
    before = read(connection).get(manifest.name)
    values: dict[str, Any] = {
        "distribution": release.distribution,
        "wheel_version": release.version,
        "schema_head": head,
        "tables": _tables(before, manifest),
        "revisions": _merged(before, revisions, release),
        "referents": referents_of(manifest),
        "soft_references": references_of(manifest),
        "last_seen_at": utc_now(),
        "purged_at": None,
    }
    if before is None:
        values |= {"feature": manifest.name, "first_seen_at": values["last_seen_at"]}
        connection.execute(sa.insert(LEDGER).values(values))
    else:
        mine = LEDGER.c.feature == manifest.name
        connection.execute(sa.update(LEDGER).where(mine).values(values))


def referents_of(manifest: Feature) -> dict[str, str]:
    """Return ``table.column`` of ids that others keep, by their word."""
    return {item.word: _dotted(item.column) for item in manifest.referents}


def references_of(manifest: Feature) -> dict[str, dict[str, str]]:
    """Return word and policy of ids of others, by ``table.column``."""
    return {
        _dotted(item.column): {"word": item.word, "policy": item.policy}
        for item in manifest.references
    }


def mark_purged(connection: sa.Connection, feature: str) -> None:
    """Write down that the data of a feature is gone; that it was here stays known."""
    mine = LEDGER.c.feature == feature
    connection.execute(sa.update(LEDGER).where(mine).values(purged_at=utc_now()))


def may_run_behind(entry: Entry | None, head: str, current: str) -> bool:
    """Tell whether a wheel that knows revisions up to *head* runs on tables at *current*.

    It does if nothing after *head* contracted. What the ledger does not know is not guessed.
    """
    known = entry.revisions if entry else {}
    passed = [phase for number, phase in known.items() if head < number <= current]
    return current in known and all(item.get("phase") == "expand" for item in passed)


def oldest_that_knows(entry: Entry | None, revision: str) -> Release | None:
    """Return the oldest wheel seen that knows *revision*."""
    version = (entry.revisions if entry else {}).get(revision, {}).get("since")
    return Release(entry.release.distribution, version) if entry and version else None


def _tables(before: Entry | None, manifest: Feature) -> list[str]:
    """A table that no model names any more may still be there until a migration contracts."""
    known = set(before.tables) if before else set()
    return sorted(known | set(manifest.metadata.tables if manifest.metadata is not None else ()))


def _merged(
    before: Entry | None, revisions: Sequence[Revision], release: Release
) -> dict[str, dict[str, Any]]:
    merged = {number: dict(known) for number, known in (before.revisions if before else {}).items()}
    for revision in revisions:
        since = merged.get(revision.number, {}).get("since")
        if since is None or _is_older(release.version, since):
            since = release.version
        merged[revision.number] = {"phase": revision.phase, "since": since}
    return merged


def _is_older(version: str | None, than: str) -> bool:
    try:
        return version is not None and Version(version) < Version(than)
    except InvalidVersion:
        return False


def _dotted(column: Any) -> str:
    found = column.property.columns[0]
    return f"{found.table.name}.{found.name}"
