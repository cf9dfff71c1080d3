"""Ids that one feature keeps of another: who refers to whom, and which of them dangle."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_database.ledger import Entry
from mercato_database.ledger import references_of
from mercato_database.ledger import referents_of
from mercato_kit.feature import Feature

SAMPLES = 3
"""How many ids of a kind an operator is shown."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that keeps ids of another feature.

    Args:
        feature: Whose column.
        column: ``table.column``.
        word: What an id names, e.g. ``catalog.variant``.
        policy: A key of :data:`mercato_kit.feature.POLICIES`.
        owner: The feature whose ids they are.
        target: Where they are: ``table.column``.
    """

    feature: str
    column: str
    word: str
    policy: str
    owner: str
    target: str

    @property
    def may_dangle(self) -> bool:
        """Whether a row may outlive what it names."""
        return self.policy == "keeps_snapshot"


@dataclass(frozen=True, slots=True)
class Dangling:
    """Rows that name what is gone.

    Args:
        reference: By which column.
        rows: How many.
        samples: Some of the ids.
    """

    reference: Reference
    rows: int
    samples: tuple[str, ...]


def references(
    connection: sa.Connection, entries: Mapping[str, Entry], manifests: Iterable[Feature] = ()
) -> list[Reference]:
    """Return who refers to whom, by the ledger, and by the manifests of what is composed now.

    A word that nobody here gives ids to is left out, and so is a table that does not exist.
    """
    kept = {name: entry.references for name, entry in entries.items()}
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


def dangling(connection: sa.Connection, found: Iterable[Reference]) -> Iterator[Dangling]:
    """Find the rows that name what is gone."""
    for reference in found:
        table, column, there = _sides(reference)
        lost = sa.and_(column.is_not(None), ~there)
        rows = _count(connection, table, lost)
        if rows:
            some = sa.select(column).where(lost).distinct().order_by(column).limit(SAMPLES)
            samples = tuple(_shown(value) for value in connection.scalars(some))
            yield Dangling(reference, rows, samples)


def count_referring(connection: sa.Connection, reference: Reference) -> int:
    """Count the rows that name something that is there."""
    table, _, there = _sides(reference)
    return _count(connection, table, there)


def _sides(
    reference: Reference,
) -> tuple[sa.TableClause, sa.ColumnElement[Any], sa.ColumnElement[bool]]:
    """Return table and column that keep ids, and the question whether what they name is there."""
    name, _, kept = reference.column.partition(".")
    other, _, given = reference.target.partition(".")
    table = sa.table(name, sa.column(kept))
    target = sa.table(other, sa.column(given)).alias("target")
    there = sa.exists().where(target.c[given] == table.c[kept])
    return table, table.c[kept], there


def _count(
    connection: sa.Connection, table: sa.TableClause, condition: sa.ColumnElement[bool]
) -> int:
    question = sa.select(sa.func.count()).select_from(table).where(condition)
    return int(connection.execute(question).scalar_one())


def _table(dotted: str) -> str:
    return dotted.partition(".")[0]


def _shown(value: object) -> str:
    """SQLite keeps a UUID as 32 digits; people and addresses have it with dashes."""
    try:
        return str(UUID(str(value)))
    except ValueError:
        return str(value)
