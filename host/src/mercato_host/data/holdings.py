"""What a database holds, feature by feature, whether a wheel of it is there or not."""

from collections.abc import Collection
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field

import sqlalchemy as sa

from mercato_database import ledger
from mercato_database.history import current_revisions
from mercato_database.ledger import Entry
from mercato_database.ledger import Release
from mercato_kit.migrations import version_table

KIT = "kit"

_VERSION_TABLE = version_table("")

COUNTED = 1_000_000
"""Rows that are counted in one table; more are "more"."""


@dataclass(frozen=True, slots=True)
class Holding:
    """The data of one feature.

    Args:
        feature: Whose.
        entry: What the ledger says; None where the feature came before the ledger.
        head: The revision its tables are at; None where it has none.
        tables: Its tables that exist, without the one that holds the revision.
        leftovers: What else of it exists: sequences, types, and the table with the revision; the
            statements that drop them.
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
        """Whether anything of it is left."""
        return bool(self.tables or self.leftovers)


def holdings(connection: sa.Connection) -> dict[str, Holding]:
    """Return what the database holds or held, by feature.

    A table belongs to the feature whose ledger entry names it, else to the one with the longest
    name that the table's name starts with.
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
    """Tell whether a table holds the revision of a feature."""
    return table.endswith(_VERSION_TABLE) and table != _VERSION_TABLE


def count_rows(connection: sa.Connection, table: str, most: int = COUNTED) -> int:
    """Count the rows of a table, up to *most* and one more."""
    some = sa.select(sa.literal(1)).select_from(sa.table(table)).limit(most + 1).subquery()
    return int(connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0)


def rows_in_words(count: int, most: int = COUNTED) -> str:
    """Write a count of rows as people read it."""
    if count > most:
        return f"more than {most} rows"
    return "1 row" if count == 1 else f"{count} rows"


def _tables_of(
    name: str, entry: Entry | None, tables: Iterable[str], names: Collection[str]
) -> list[str]:
    if entry is not None:
        return [table for table in tables if table in entry.tables]
    return [table for table in tables if _owner(table, names) == name]


def _owner(thing: str, names: Iterable[str]) -> str | None:
    return max((name for name in names if thing.startswith(f"{name}_")), key=len, default=None)


def _leftovers(connection: sa.Connection, name: str, names: Collection[str]) -> list[str]:
    """Find what PostgreSQL keeps beside tables; a sequence of a column goes with its table."""
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
