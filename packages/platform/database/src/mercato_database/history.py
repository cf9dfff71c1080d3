"""Compare the revision of each feature's tables with its wheel, without importing Alembic."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa

from mercato_composition.features.candidate import Candidate
from mercato_database import ledger, revisions as scripts
from mercato_database.revisions import Revision
from mercato_kit.feature import Feature
from mercato_kit.migrations import KIT_VERSIONS, version_table
from mercato_kit.models import Base, KnownFeature

KIT = "kit"

_KIT = Candidate(
    Feature(
        name=KIT, summary="The kit's own tables.", metadata=Base.metadata, migrations=KIT_VERSIONS
    ),
    "mercato-kit",
    version("mercato-kit"),
)


@dataclass(frozen=True, slots=True)
class History:
    """The migrations of one feature, or of the kit.

    Args:
        candidate: The feature's manifest, with the wheel that it is in.
        versions: The folder of the revisions.
    """

    candidate: Candidate
    versions: Path

    @property
    def feature(self) -> str:
        """The name of the feature, or ``kit``; the version table is named after it."""
        return self.candidate.name

    @property
    def metadata(self) -> sa.MetaData:
        """The tables as the models define them."""
        metadata = self.candidate.manifest.metadata
        return metadata if metadata is not None else sa.MetaData()

    @property
    def head(self) -> str | None:
        """The newest revision."""
        return next((revision.number for revision in reversed(self.migrations)), None)

    @property
    def migrations(self) -> list[Revision]:
        """Every migration, oldest first, with its phase and requirements."""
        return scripts.read(self.versions)

    @property
    def next_number(self) -> str:
        """The number of a migration that is written next."""
        numbers = [int(it.number) for it in self.migrations if it.number.isdecimal()]
        return f"{max(numbers, default=len(self.migrations)) + 1:04d}"

    def knows(self, revision: str) -> bool:
        """Return whether the wheel has *revision*."""
        return any(item.number == revision for item in self.migrations)

    def after(self, current: str | None) -> list[Revision]:
        """Return the migrations that come after *current*: all if it is None, none if unknown."""
        migrations = self.migrations
        numbers = [revision.number for revision in migrations]
        if current is None:
            return migrations
        return migrations[numbers.index(current) + 1 :] if current in numbers else []

    def has_passed(self, reached: str, needed: str) -> bool:
        """Return whether tables at revision *reached* have passed *needed*."""
        numbers = [revision.number for revision in self.migrations]
        if reached in numbers and needed in numbers:
            return numbers.index(reached) >= numbers.index(needed)
        # One of them is of another wheel: numbers grow.
        return reached >= needed


@dataclass(frozen=True, slots=True)
class Step:
    """The tables of one feature, and the migrations that they lack.

    Args:
        history: The feature's history.
        current: The revision that the tables are at; None if there are no tables.
        now: The migrations that an upgrade applies.
        later: The migrations that need ``--contract``.
        entry: The feature's ledger entry; only read if the tables are newer than the wheel.
    """

    history: History
    current: str | None
    now: tuple[Revision, ...]
    later: tuple[Revision, ...]
    entry: KnownFeature | None = None

    @property
    def feature(self) -> str:
        """The name of the feature, or ``kit``."""
        return self.history.feature

    @property
    def missing(self) -> tuple[Revision, ...]:
        """All migrations that the tables lack."""
        return (*self.now, *self.later)

    @property
    def contracting(self) -> list[bool]:
        """For each missing migration, whether it removes what the version that runs uses."""
        # On a new database no older version runs that could use what a migration removes.
        return [self.current is not None and it.contracts for it in self.missing]

    @property
    def target(self) -> str | None:
        """The revision that the tables will be at."""
        return self.now[-1].number if self.now else self.current

    @property
    def is_ahead(self) -> bool:
        """Whether the tables are at a revision that the wheel does not know."""
        return not self.missing and self.current != self.history.head

    @property
    def runs(self) -> bool:
        """Whether the wheel runs on the tables as they are."""
        if self.is_ahead:
            own = {revision.number for revision in self.history.migrations}
            return ledger.may_run_behind(self.entry, own, self.current or "")
        return all(self.contracting)


def histories(features: Iterable[Feature | Candidate]) -> list[History]:
    """Return the kit's history, then those of *features* in their order."""
    known = (Candidate(one) if isinstance(one, Feature) else one for one in features)
    return [
        History(one, one.manifest.migrations)
        for one in (_KIT, *known)
        if one.manifest.migrations is not None
    ]


def step_of(
    connection: sa.Connection, history: History, current: str | None, *, contract: bool
) -> Step:
    """Compare tables at revision *current* with their history.

    Args:
        connection: A connection to the database; nothing is written.
        history: The feature's history.
        current: The revision; None if there are no tables.
        contract: Apply contracting migrations too.
    """
    missing = history.after(current)
    waits = not contract and current is not None
    end = next((n for n, it in enumerate(missing) if waits and it.contracts), len(missing))
    step = Step(history, current, tuple(missing[:end]), tuple(missing[end:]))
    if not step.is_ahead:
        return step
    return Step(history, current, (), (), ledger.read(connection).get(history.feature))


def behind(connection: sa.Connection, features: Iterable[Feature | Candidate]) -> list[Step]:
    """Find the features whose wheel does not run on the tables as they are.

    Args:
        connection: A connection to the database; nothing is written.
        features: The deployment's features in dependency order.
    """
    found = histories(features)
    current = current_revisions(connection, [history.feature for history in found])
    steps = [step_of(connection, it, current.get(it.feature), contract=True) for it in found]
    return [step for step in steps if not step.runs]


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
