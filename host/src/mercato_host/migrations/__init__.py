"""Which revision each feature's tables are at, and which its wheel brings. Knows no Alembic."""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from mercato_kit.feature import Feature
from mercato_kit.migrations import KIT_VERSIONS
from mercato_kit.migrations import head
from mercato_kit.migrations import version_table
from mercato_kit.models import Base


@dataclass(frozen=True, slots=True)
class History:
    """The migrations of one feature, or of the kit.

    Args:
        feature: Whose tables; also names the version table.
        metadata: The tables as the models describe them.
        versions: The folder of the revisions.
    """

    feature: str
    metadata: sa.MetaData
    versions: Path

    @property
    def head(self) -> str | None:
        """The newest revision."""
        return head(self.versions)

    @property
    def revisions(self) -> list[str]:
        """Every revision, oldest first: the numbers of the file names."""
        return sorted(path.name.partition("_")[0] for path in self.versions.glob("[0-9]*_*.py"))


@dataclass(frozen=True, slots=True)
class Pending:
    """A feature whose tables are not what its wheel needs.

    Args:
        feature: Which.
        current: The revision of the database; None where it has no tables yet.
        head: The newest revision of the wheel.
        count: Revisions to apply; 0 where the database is ahead of the wheel.
    """

    feature: str
    current: str | None
    head: str
    count: int


def histories(features: Iterable[Feature]) -> list[History]:
    """Return the kit's history and then those of *features*, in their order."""
    found = [History("kit", Base.metadata, KIT_VERSIONS)]
    for feature in features:
        if feature.migrations is not None:
            metadata = feature.metadata if feature.metadata is not None else sa.MetaData()
            found.append(History(feature.name, metadata, feature.migrations))
    return found


def pending(connection: sa.Connection, features: Iterable[Feature]) -> list[Pending]:
    """Find the features whose tables are not at the newest revision of their wheel.

    Args:
        connection: To the database; nothing is written.
        features: Those of the deployment, in dependency order.
    """
    found = histories(features)
    current = current_revisions(connection, [history.feature for history in found])
    return [
        _pending(history, current.get(history.feature))
        for history in found
        if history.head is not None and current.get(history.feature) != history.head
    ]


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


def _pending(history: History, current: str | None) -> Pending:
    newest = history.head or ""
    count = sum(current is None or revision > current for revision in history.revisions)
    return Pending(history.feature, current, newest, count)
