"""The ledger: a table with every feature that has migrated a database, installed or not."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from packaging.version import InvalidVersion, Version
from sqlalchemy.orm import Session

from mercato_composition.features.candidate import Candidate
from mercato_database.revisions import Revision
from mercato_kit.db import utc_now
from mercato_kit.feature import Feature
from mercato_kit.models import KnownFeature


def read(connection: sa.Connection) -> dict[str, KnownFeature]:
    """Return the ledger's entries by feature; none if the database has no ledger."""
    if not sa.inspect(connection).has_table(KnownFeature.__tablename__):
        return {}
    with Session(connection) as session:
        rows = session.scalars(sa.select(KnownFeature).order_by(KnownFeature.feature))
        return {row.feature: row for row in rows}


def record(
    connection: sa.Connection, feature: Candidate, revisions: Sequence[Revision], head: str
) -> None:
    """Write a feature's entry in the transaction that migrated its tables.

    Args:
        connection: The connection of that transaction.
        feature: The feature, or the kit.
        revisions: The revisions in the wheel.
        head: The revision that the tables are at now.
    """
    now, manifest = utc_now(), feature.manifest
    with Session(connection) as session:
        entry = session.get(KnownFeature, feature.name) or KnownFeature(
            feature=feature.name, tables=[], revisions={}, first_seen_at=now
        )
        entry.distribution, entry.wheel_version = feature.distribution, feature.version
        entry.schema_head = head
        # Old and new tables: one without a model exists until a migration contracts.
        models = manifest.metadata.tables if manifest.metadata is not None else ()
        entry.tables = sorted({*entry.tables, *models})
        entry.revisions = _merged(entry.revisions, revisions, feature.version)
        entry.referents = referents_of(manifest)
        entry.soft_references = references_of(manifest)
        entry.last_seen_at, entry.purged_at = now, None
        session.add(entry)
        session.flush()


def referents_of(manifest: Feature) -> dict[str, str]:
    """Return ``table.column`` of the ids that other features may keep, by their word."""
    return {item.word: _dotted(item.column) for item in manifest.referents}


def references_of(manifest: Feature) -> dict[str, dict[str, str]]:
    """Return the word and policy of ids of other features, by ``table.column``."""
    return {
        _dotted(item.column): {"word": item.word, "policy": item.policy}
        for item in manifest.references
    }


def may_run_behind(entry: KnownFeature | None, own: Collection[str], current: str) -> bool:
    """Return whether a wheel with the revisions *own* runs on tables at *current*.

    It does if every revision that it does not know expands. Without a record of *current* it does
    not.
    """
    known = entry.revisions if entry else {}
    later = [phase for number, phase in known.items() if number not in own]
    return current in known and all(item.get("phase") == "expand" for item in later)


def _merged(
    known: dict[str, Any], revisions: Sequence[Revision], version: str | None
) -> dict[str, Any]:
    """Add *revisions*, each with its phase and the oldest wheel that has it (``since``)."""
    merged = dict(known)
    for revision in revisions:
        since = known.get(revision.number, {}).get("since")
        if since is None or _is_older(version, since):
            since = version
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
