"""The ledger: a table with every feature that has migrated a database, installed or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from packaging.version import InvalidVersion, Version

from mercato_database.revisions import Revision
from mercato_kit.db import utc_now
from mercato_kit.feature import Feature
from mercato_kit.models import KnownFeature

LEDGER = KnownFeature.metadata.tables[KnownFeature.__tablename__]


@dataclass(frozen=True, slots=True)
class Release:
    """The distribution and version of a wheel; None for a feature that is not in a wheel."""

    distribution: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """The ledger's row for one feature.

    Args:
        feature: The name of the feature.
        release: The wheel that migrated last.
        schema_head: The revision that the tables were left at.
        tables: The names of the tables.
        revisions: By revision, its ``phase`` and the oldest wheel that has it (``since``).
        referents: ``table.column`` of the ids that other features may keep, by their word.
        references: The word and policy of ids of other features, by ``table.column``.
        first_seen_at: When the feature first migrated this database.
        last_seen_at: When it last did.
        purged_at: When its data was purged; None if it was not.
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
    """Return the ledger's entries by feature; none if the database has no ledger."""
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
    """Write a feature's entry in the transaction that migrated its tables.

    Args:
        connection: The connection of that transaction.
        manifest: The feature's manifest; for the kit's tables, the manifest of ``kit``.
        revisions: The revisions in the wheel.
        head: The revision that the tables are at now.
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
        is_same = LEDGER.c.feature == manifest.name
        connection.execute(sa.update(LEDGER).where(is_same).values(values))


def referents_of(manifest: Feature) -> dict[str, str]:
    """Return ``table.column`` of the ids that other features may keep, by their word."""
    return {item.word: _dotted(item.column) for item in manifest.referents}


def references_of(manifest: Feature) -> dict[str, dict[str, str]]:
    """Return the word and policy of ids of other features, by ``table.column``."""
    return {
        _dotted(item.column): {"word": item.word, "policy": item.policy}
        for item in manifest.references
    }


def mark_purged(connection: sa.Connection, feature: str) -> None:
    """Set the time of the purge in a feature's entry; the entry stays."""
    is_same = LEDGER.c.feature == feature
    connection.execute(sa.update(LEDGER).where(is_same).values(purged_at=utc_now()))


def may_run_behind(entry: Entry | None, head: str, current: str) -> bool:
    """Return whether a wheel with revisions up to *head* runs on tables at *current*.

    It does if every revision after *head* expands. Without a record of *current* it does not.
    """
    known = entry.revisions if entry else {}
    passed = [phase for number, phase in known.items() if head < number <= current]
    return current in known and all(item.get("phase") == "expand" for item in passed)


def oldest_that_knows(entry: Entry | None, revision: str) -> Release | None:
    """Return the oldest wheel that has *revision*, if the ledger has a record of it."""
    version = (entry.revisions if entry else {}).get(revision, {}).get("since")
    return Release(entry.release.distribution, version) if entry and version else None


def _tables(before: Entry | None, manifest: Feature) -> list[str]:
    """Return old and new tables: one without a model exists until a migration contracts."""
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
