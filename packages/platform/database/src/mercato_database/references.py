"""References between features: which columns keep ids of others, and which ids dangle."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_composition.faults import Fault, Outside, Place
from mercato_database.ledger import references_of, referents_of
from mercato_kit.feature import POLICIES, Feature
from mercato_kit.models import KnownFeature

_SAMPLES = 3
"""How many ids of one column are shown to the operator."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that keeps ids of another feature.

    Args:
        feature: The feature that has the column.
        column: ``table.column`` with the ids.
        word: The kind of the ids, e.g. ``catalog.variant``.
        policy: A key of :data:`mercato_kit.feature.POLICIES`.
        owner: The feature that the ids come from.
        target: ``table.column`` of the owner's ids.
    """

    feature: str
    column: str
    word: str
    policy: str
    owner: str
    target: str

    @property
    def may_dangle(self) -> bool:
        """Whether a row may stay when the row it refers to is gone."""
        return self.policy == "keeps_snapshot"


def references(
    connection: sa.Connection,
    entries: Mapping[str, KnownFeature],
    manifests: Iterable[Feature] = (),
) -> list[Reference]:
    """Return the references in the ledger and in *manifests*; a manifest replaces its entry.

    References to a word that no feature offers are left out, and so are those whose tables do not
    exist.
    """
    kept = {name: entry.soft_references for name, entry in entries.items()}
    given = {name: entry.referents for name, entry in entries.items()}
    for manifest in manifests:
        kept[manifest.name] = references_of(manifest)
        given[manifest.name] = referents_of(manifest)
    targets = {
        word: (owner, column) for owner, words in given.items() for word, column in words.items()
    }
    tables = set(sa.inspect(connection).get_table_names())
    return [
        Reference(feature, column, item["word"], item["policy"], *targets[item["word"]])
        for feature, columns in sorted(kept.items())
        for column, item in sorted(columns.items())
        if item["word"] in targets
        and _table(column) in tables
        and _table(targets[item["word"]][1]) in tables
    ]


def dangling(connection: sa.Connection, found: Iterable[Reference]) -> Iterator[Fault]:
    """Report the references with rows that refer to missing rows (K310)."""
    for reference in found:
        table, column, exists = _sides(reference)
        is_lost = sa.and_(column.is_not(None), ~exists)
        if rows := _count(connection, table, is_lost):
            some = sa.select(column).where(is_lost).distinct().order_by(column).limit(_SAMPLES)
            yield _fault(reference, rows, map(_id_text, connection.scalars(some)))


def count_referring(connection: sa.Connection, reference: Reference) -> int:
    """Count the rows that refer to an existing row."""
    table, _, exists = _sides(reference)
    return _count(connection, table, exists)


def _sides(
    reference: Reference,
) -> tuple[sa.TableClause, sa.ColumnElement[Any], sa.ColumnElement[bool]]:
    """Return the table and column with the ids, and the condition that the target row exists."""
    name, _, kept = reference.column.partition(".")
    other, _, given = reference.target.partition(".")
    table = sa.table(name, sa.column(kept))
    target = sa.table(other, sa.column(given)).alias("target")
    exists = sa.exists().where(target.c[given] == table.c[kept])
    return table, table.c[kept], exists


def _count(
    connection: sa.Connection, table: sa.TableClause, condition: sa.ColumnElement[bool]
) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(condition)
    return int(connection.execute(query).scalar_one())


def _fault(reference: Reference, rows: int, samples: Iterable[str]) -> Fault:
    """Return K310; a warning if the policy of the reference allows rows to dangle."""
    counted = "1 row has" if rows == 1 else f"{rows} rows have"
    policy = POLICIES.get(reference.policy, reference.policy)
    what = (
        f"{reference.column}: {counted} ids of {reference.word} that are missing"
        f" from {reference.target}.\n"
        f"for example: {', '.join(samples)}\n"
        f"policy {reference.policy}: {policy}"
    )
    where = Place(name=f"data of {reference.feature!r}")
    if reference.may_dangle:
        fix = "none needed; the rows hold all they need"
        return Fault("K310", where, what, (Outside(fix),), severity="warning")
    fix = f"restore the missing rows of {reference.owner!r}, or delete these rows"
    return Fault("K310", where, what, (Outside(fix),))


def _table(dotted: str) -> str:
    return dotted.partition(".")[0]


def _id_text(value: object) -> str:
    """Return an id as URLs have it."""
    # SQLite stores a UUID as 32 digits without dashes.
    try:
        return str(UUID(str(value)))
    except ValueError:
        return str(value)
