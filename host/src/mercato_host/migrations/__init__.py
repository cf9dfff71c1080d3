"""Which revision each feature's tables are at, and which its wheel brings. Knows no Alembic."""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from mercato_database import ledger
from mercato_database import revisions as scripts
from mercato_database.ledger import Release
from mercato_database.revisions import Revision
from mercato_kit.feature import Feature
from mercato_kit.migrations import KIT_VERSIONS
from mercato_kit.migrations import head
from mercato_kit.migrations import version_table
from mercato_kit.models import Base

KIT = Feature(
    name="kit", summary="The kit's own tables.", metadata=Base.metadata, migrations=KIT_VERSIONS
)


@dataclass(frozen=True, slots=True)
class History:
    """The migrations of one feature, or of the kit.

    Args:
        feature: Whose tables; also names the version table.
        metadata: The tables as the models describe them.
        versions: The folder of the revisions.
        manifest: Of the feature.
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
        """Every migration, oldest first, with what it says about itself."""
        return [scripts.read(file) for file in scripts.files_in(self.versions)]

    def after(self, current: str | None) -> list[Revision]:
        """Return the migrations that tables at *current* have not seen."""
        files = scripts.files_in(self.versions)
        return [
            scripts.read(file)
            for file in files
            if current is None or scripts.number_of(file) > current
        ]


@dataclass(frozen=True, slots=True)
class Pending:
    """A feature whose tables are not what its wheel brings.

    Args:
        feature: Which.
        current: The revision of the database; None where it has no tables yet.
        head: The newest revision of the wheel.
        count: Revisions to apply; 0 where the database is ahead of the wheel.
        contracts: How many of them contract; those can wait.
        needs_contract: A revision that the wheel needs comes after one that contracts.
        runs: The wheel runs on the tables as they are.
        known_by: The oldest wheel seen that knows the revision of the database.
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
    """Return the kit's history and then those of *features*, in their order."""
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
        connection: To the database; nothing is written.
        features: Those of the deployment, in dependency order.
    """
    found = histories(features)
    current = current_revisions(connection, [history.feature for history in found])
    return [
        standing(connection, history, current.get(history.feature))
        for history in found
        if history.head is not None and current.get(history.feature) != history.head
    ]


def behind(connection: sa.Connection, features: Iterable[Feature]) -> list[Pending]:
    """Find the features whose wheel does not run on the tables as they are."""
    return [item for item in pending(connection, features) if not item.runs]


def current_revisions(connection: sa.Connection, features: Sequence[str]) -> dict[str, str]:
    """Read the revision of each feature that has tables in the database."""
    tables = set(sa.inspect(connection).get_table_names())
    known = [feature for feature in features if version_table(feature) in tables]
    if not known:
        return {}
    questions = [
        sa.select(
            sa.literal(feature).label("feature"), sa.column("version_num", sa.String)
        ).select_from(sa.table(version_table(feature)))
        for feature in known
    ]
    return {row.feature: row.version_num for row in connection.execute(sa.union_all(*questions))}


def standing(connection: sa.Connection, history: History, current: str | None) -> Pending:
    """Say how far the tables of one history are from its newest revision."""
    newest = history.head or ""
    missing = history.after(current)
    if not missing:
        entry = ledger.read(connection).get(history.feature)
        runs = current is not None and ledger.may_run_behind(entry, newest, current)
        known_by = ledger.oldest_that_knows(entry, current or "")
        return Pending(history.feature, current, newest, 0, runs=runs, known_by=known_by)
    # The first time nobody is there who could still use what is taken away.
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
