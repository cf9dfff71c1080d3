"""List the data in a database by feature, whether the feature is installed or not."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import chain

import sqlalchemy as sa

from mercato_composition.faults import Fault, Outside, Place
from mercato_database import ledger
from mercato_database.history import KIT, current_revisions
from mercato_kit.migrations import version_table, virtual_tables
from mercato_kit.models import KnownFeature

_VERSION_TABLE = version_table("")

COUNTED = 1_000_000
"""The most rows that are counted in one table."""

COUNTED_IN_CHECKS = 100_000
"""Rows counted in one table for a warning: a check must stay fast."""


@dataclass(frozen=True, slots=True)
class Holding:
    """The data of one feature.

    Args:
        feature: The name of the feature, or ``kit``.
        entry: The feature's ledger entry; None if the tables are older than the ledger.
        head: The revision that the tables are at; None if there is no version table.
        tables: The existing tables, without the version table.
        leftovers: The statements that drop the feature's sequences, types, virtual tables and
            version table.
    """

    feature: str
    entry: KnownFeature | None
    head: str | None
    tables: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = field(default=(), repr=False)

    @property
    def exists(self) -> bool:
        """Whether the database still has tables, sequences or types of the feature."""
        return bool(self.tables or self.leftovers)

    @property
    def description(self) -> str:
        """Its last wheel and its schema: ``mercato-reviews 1.0.2, schema 0004``."""
        names = (self.entry.distribution, self.entry.wheel_version) if self.entry else ()
        wheel = " ".join(filter(None, names)) or "unknown wheel"
        return f"{wheel}, schema {self.head or (self.entry and self.entry.schema_head)}"


def holdings(connection: sa.Connection) -> dict[str, Holding]:
    """Return the data that the database holds or held, by feature.

    The tables of a feature are those in its ledger entry. Without an entry they are those whose
    names start with the feature's name, and with no longer name of a feature.
    """
    virtual = set(chain.from_iterable(virtual_tables(connection).values()))
    found = [name for name in sa.inspect(connection).get_table_names() if name not in virtual]
    entries = ledger.read(connection)
    versioned = {name.removesuffix(_VERSION_TABLE) for name in found if _is_version_table(name)}
    names = sorted(versioned | entries.keys())
    heads = current_revisions(connection, sorted(versioned))
    tables = [table for table in found if not _is_version_table(table)]
    return {
        name: Holding(
            feature=name,
            entry=entries.get(name),
            head=heads.get(name),
            tables=tuple(_tables_of(name, entries.get(name), tables, names)),
            leftovers=(
                *_leftovers(connection, name, names),
                *([f"DROP TABLE {version_table(name)}"] if name in versioned else []),
            ),
        )
        for name in names
    }


def unnamed_data(
    connection: sa.Connection, named: Collection[str], unloaded: Collection[str] = ()
) -> Iterator[Fault]:
    """Warn (K301) about each feature with data that the deployment does not name.

    Args:
        connection: A connection to the database; nothing is written.
        named: The features that the deployment names.
        unloaded: Those of them that were not loaded: a misspelt name may be why data is not named.
    """
    for name, holding in holdings(connection).items():
        if name == KIT or name in named or not holding.exists:
            continue
        most = COUNTED_IN_CHECKS
        counts = [count_rows(connection, table, most) for table in holding.tables]
        rows = rows_in_words(sum(counts), most) if counts else "no tables"
        what = (
            f"it holds data of {name!r} ({holding.description}, {rows}), "
            "a feature that this deployment does not name."
        )
        fix = (
            f"none needed; the data is kept unchanged. `mercato data show {name}` | "
            f"`mercato data archive {name}` | `mercato data purge {name}`"
        )
        fault = Fault("K301", Place(name="database"), what, (Outside(fix),), severity="warning")
        yield replace(fault, follows=tuple(get_close_matches(name, unloaded, n=1)))


def count_rows(connection: sa.Connection, table: str, most: int = COUNTED) -> int:
    """Count the rows of a table; the result is *most* + 1 if there are more."""
    some = sa.select(sa.literal(1)).select_from(sa.table(table)).limit(most + 1).subquery()
    return int(connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0)


def rows_in_words(count: int, most: int = COUNTED) -> str:
    """Return a count of rows as text: ``1 row``, ``2 rows``, ``more than 1000000 rows``."""
    if count > most:
        return f"more than {most} rows"
    return "1 row" if count == 1 else f"{count} rows"


def _is_version_table(table: str) -> bool:
    return table.endswith(_VERSION_TABLE) and table != _VERSION_TABLE


def _tables_of(
    name: str, entry: KnownFeature | None, tables: Iterable[str], names: Collection[str]
) -> list[str]:
    if entry is not None:
        return [table for table in tables if table in entry.tables]
    return [table for table in tables if _owner(table, names) == name]


def _owner(item: str, names: Iterable[str]) -> str | None:
    return max((name for name in names if item.startswith(f"{name}_")), key=len, default=None)


def _leftovers(connection: sa.Connection, name: str, names: Collection[str]) -> list[str]:
    """Return the statements that drop PostgreSQL's sequences and enum types of a feature.

    On SQLite, those that drop its virtual tables.
    """
    quote = connection.dialect.identifier_preparer.quote
    if connection.dialect.name != "postgresql":
        virtual = virtual_tables(connection)
        return [f"DROP TABLE {quote(it)}" for it in virtual if _owner(it, names) == name]
    sequences = connection.scalars(_FREE_SEQUENCES)
    enums = connection.scalars(_ENUMS)
    return [
        *(f"DROP SEQUENCE {quote(it)}" for it in sequences if _owner(it, names) == name),
        *(f"DROP TYPE {quote(it)}" for it in enums if _owner(it, names) == name),
    ]


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
