"""List the data in a database by feature, whether the feature is installed or not."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from mercato_database import ledger
from mercato_database.history import current_revisions
from mercato_database.ledger import Entry, Release
from mercato_kit.migrations import version_table

KIT = "kit"

_VERSION_TABLE = version_table("")

COUNTED = 1_000_000
"""The most rows that are counted in one table."""


@dataclass(frozen=True, slots=True)
class Holding:
    """The data of one feature.

    Args:
        feature: The name of the feature, or ``kit``.
        entry: The feature's ledger entry; None if the tables are older than the ledger.
        head: The revision that the tables are at; None if there is no version table.
        tables: The existing tables, without the version table.
        leftovers: The statements that drop the feature's sequences, types and version table.
    """

    feature: str
    entry: Entry | None
    head: str | None
    tables: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = field(default=(), repr=False)

    @property
    def release(self) -> Release:
        """The wheel that last migrated it."""
        return self.entry.release if self.entry else Release()

    @property
    def exists(self) -> bool:
        """Whether the database still has tables, sequences or types of the feature."""
        return bool(self.tables or self.leftovers)


def holdings(connection: sa.Connection) -> dict[str, Holding]:
    """Return the data that the database holds or held, by feature.

    The tables of a feature are those in its ledger entry. Without an entry they are those whose
    names start with the feature's name, and with no longer name of a feature.
    """
    inspector = sa.inspect(connection)
    found = inspector.get_table_names()
    entries = ledger.read(connection)
    versioned = {name.removesuffix(_VERSION_TABLE) for name in found if is_version_table(name)}
    names = sorted(versioned | entries.keys())
    heads = current_revisions(connection, sorted(versioned))
    tables = [table for table in found if not is_version_table(table)]
    return {
        name: Holding(
            feature=name,
            entry=entries.get(name),
            head=heads.get(name),
            tables=tuple(_tables_of(name, entries.get(name), tables, names)),
            leftovers=(*_leftovers(connection, name, names), *_version_table_of(name, versioned)),
        )
        for name in names
    }


def is_version_table(table: str) -> bool:
    """Return whether a table is the version table of a feature."""
    return table.endswith(_VERSION_TABLE) and table != _VERSION_TABLE


def count_rows(connection: sa.Connection, table: str, most: int = COUNTED) -> int:
    """Count the rows of a table; the result is *most* + 1 if there are more."""
    some = sa.select(sa.literal(1)).select_from(sa.table(table)).limit(most + 1).subquery()
    return int(connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0)


def rows_in_words(count: int, most: int = COUNTED) -> str:
    """Return a count of rows as text: ``1 row``, ``2 rows``, ``more than 1000000 rows``."""
    if count > most:
        return f"more than {most} rows"
    return "1 row" if count == 1 else f"{count} rows"


def _tables_of(
    name: str, entry: Entry | None, tables: Iterable[str], names: Collection[str]
) -> list[str]:
    if entry is not None:
        return [table for table in tables if table in entry.tables]
    return [table for table in tables if _owner(table, names) == name]


def _owner(item: str, names: Iterable[str]) -> str | None:
    return max((name for name in names if item.startswith(f"{name}_")), key=len, default=None)


def _leftovers(connection: sa.Connection, name: str, names: Collection[str]) -> list[str]:
    """Return the statements that drop PostgreSQL's sequences and enum types of a feature."""
    if connection.dialect.name != "postgresql":
        return []
    quote = connection.dialect.identifier_preparer.quote
    sequences = connection.scalars(_FREE_SEQUENCES)
    enums = connection.scalars(_ENUMS)
    return [
        *(f"DROP SEQUENCE {quote(it)}" for it in sequences if _owner(it, names) == name),
        *(f"DROP TYPE {quote(it)}" for it in enums if _owner(it, names) == name),
    ]


def _version_table_of(name: str, versioned: Collection[str]) -> list[str]:
    return [f"DROP TABLE {version_table(name)}"] if name in versioned else []


# A sequence that belongs to a column is dropped with its table.
_FREE_SEQUENCES = sa.text(
    "SELECT relname FROM pg_class WHERE relkind = 'S'"
    " AND relnamespace = current_schema()::regnamespace AND NOT EXISTS"
    " (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('a', 'i'))"
    " ORDER BY relname"
)

_ENUMS = sa.text(
    "SELECT typname FROM pg_type WHERE typtype = 'e'"
    " AND typnamespace = current_schema()::regnamespace ORDER BY typname"
)
