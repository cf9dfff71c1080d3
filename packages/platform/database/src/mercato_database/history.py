"""Compare the revision of each feature's tables with its wheel, without importing Alembic."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from mercato_database import ledger, revisions as scripts
from mercato_database.ledger import Release
from mercato_database.revisions import Revision
from mercato_kit.feature import Feature
from mercato_kit.migrations import KIT_VERSIONS, head, version_table
from mercato_kit.models import Base

KIT = Feature(
    name="kit", summary="The kit's own tables.", metadata=Base.metadata, migrations=KIT_VERSIONS
)


@dataclass(frozen=True, slots=True)
class History:
    """The migrations of one feature, or of the kit.

    Args:
        feature: The name of the feature, or ``kit``; the version table is named after it.
        metadata: The tables as the models define them.
        versions: The folder of the revisions.
        manifest: The feature's manifest.
    """

    feature: str
    metadata: sa.MetaData
    versions: Path
    manifest: Feature

    @property
    def head(self) -> str | None:
        """The newest revision."""
        return head(self.versions)

    @property
    def revisions(self) -> list[str]:
        """Every revision, oldest first: the numbers of the file names."""
        return [scripts.number_of(file) for file in scripts.files_in(self.versions)]

    @property
    def migrations(self) -> list[Revision]:
        """Every migration, oldest first, with its phase and requirements."""
        return [scripts.read(file) for file in scripts.files_in(self.versions)]

    def after(self, current: str | None) -> list[Revision]:
        """Return the migrations that come after *current*; all if it is None."""
        files = scripts.files_in(self.versions)
        return [
            scripts.read(file)
            for file in files
            if current is None or scripts.number_of(file) > current
        ]


@dataclass(frozen=True, slots=True)
class Pending:
    """A feature whose tables are not at the newest revision of its wheel.

    Args:
        feature: The name of the feature, or ``kit``.
        current: The revision of the tables; None if the feature has no tables yet.
        head: The newest revision of the wheel.
        count: How many revisions are to be applied; 0 if the tables are ahead of the wheel.
        contracts: How many of them contract.
        needs_contract: Whether an expanding revision follows a contracting one.
        runs: Whether the wheel runs on the tables as they are.
        known_by: The oldest wheel in the ledger that has the revision of the tables.
    """

    feature: str
    current: str | None
    head: str
    count: int
    contracts: int = 0
    needs_contract: bool = False
    runs: bool = False
    known_by: Release | None = None


def histories(features: Iterable[Feature]) -> list[History]:
    """Return the kit's history, then those of *features* in their order."""
    return [
        History(
            feature.name,
            feature.metadata if feature.metadata is not None else sa.MetaData(),
            feature.migrations,
            feature,
        )
        for feature in (KIT, *features)
        if feature.migrations is not None
    ]


def pending(connection: sa.Connection, features: Iterable[Feature]) -> list[Pending]:
    """Find the features whose tables are not at the newest revision of their wheel.

    Args:
        connection: A connection to the database; nothing is written.
        features: The deployment's features in dependency order.
    """
    found = histories(features)
    current = current_revisions(connection, [history.feature for history in found])
    return [
        pending_of(connection, history, current.get(history.feature))
        for history in found
        if history.head is not None and current.get(history.feature) != history.head
    ]


def behind(connection: sa.Connection, features: Iterable[Feature]) -> list[Pending]:
    """Return the pending features whose wheel does not run on the tables as they are."""
    return [item for item in pending(connection, features) if not item.runs]


def current_revisions(connection: sa.Connection, features: Sequence[str]) -> dict[str, str]:
    """Read the revision of each feature that has tables in the database."""
    tables = set(sa.inspect(connection).get_table_names())
    known = [feature for feature in features if version_table(feature) in tables]
    if not known:
        return {}
    queries = [
        sa.select(
            sa.literal(feature).label("feature"), sa.column("version_num", sa.String)
        ).select_from(sa.table(version_table(feature)))
        for feature in known
    ]
    return {row.feature: row.version_num for row in connection.execute(sa.union_all(*queries))}


def pending_of(connection: sa.Connection, history: History, current: str | None) -> Pending:
    """Compare tables at revision *current* with the newest revision of their history."""
    newest = history.head or ""
    missing = history.after(current)
    if not missing:
        entry = ledger.read(connection).get(history.feature)
        runs = current is not None and ledger.may_run_behind(entry, newest, current)
        known_by = ledger.oldest_that_knows(entry, current or "")
        return Pending(history.feature, current, newest, 0, runs=runs, known_by=known_by)
    # On a new database no older version runs that could use what a migration removes.
    contracting = [revision.contracts and current is not None for revision in missing]
    first = contracting.index(True) if True in contracting else len(missing)
    return Pending(
        history.feature,
        current,
        newest,
        len(missing),
        contracts=sum(contracting),
        needs_contract=not all(contracting[first:]),
        runs=all(contracting),
    )
