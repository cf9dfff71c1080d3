"""Runs migrations: each feature's history in one transaction, one process at a time."""

import io
from argparse import Namespace
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from mercato_database import ledger
from mercato_database.history import History
from mercato_database.history import Pending
from mercato_database.history import current_revisions
from mercato_database.history import histories
from mercato_database.ledger import Release
from mercato_database.locks import one_at_a_time
from mercato_database.locks import who_am_i
from mercato_database.plan import Plan
from mercato_database.plan import Refusal
from mercato_database.plan import Step
from mercato_database.plan import plan
from mercato_kit import transactions
from mercato_kit.feature import Feature
from mercato_kit.migrations import FOLDER

WAIT_SECONDS = 60.0
"""How long a process waits for another one that migrates the same database."""

# A server whose client was killed in a long statement would hold its locks until the end of it.
_POSTGRESQL_SETTINGS = " ".join(
    f"-c {setting}"
    for setting in (
        "statement_timeout=0",
        "lock_timeout=10s",
        "timezone=UTC",
        "client_connection_check_interval=1s",
    )
)


@dataclass(frozen=True, slots=True)
class Applied:
    """One revision that was applied."""

    feature: str
    revision: str


class MigrationFailedError(Exception):
    """A revision could not be applied; its feature is as it was before this run.

    Args:
        feature: Whose.
        revision: Which.
        reason: What the database or Alembic said.
        statement: The SQL that failed, where there is one.
        applied: What this run applied before, to other features; that stays.
    """

    def __init__(
        self,
        feature: str,
        revision: str,
        reason: str,
        statement: str | None,
        applied: tuple[Applied, ...],
    ) -> None:
        super().__init__(f"{feature} {revision}: {reason}")
        self.feature = feature
        self.revision = revision
        self.reason = reason
        self.statement = statement
        self.applied = applied


class UpgradeRefusedError(Exception):
    """The upgrade did not begin; nothing was applied.

    Args:
        reasons: What is in its way.
    """

    def __init__(self, reasons: Sequence[Refusal | Pending]) -> None:
        super().__init__("; ".join(map(str, reasons)))
        self.reasons = tuple(reasons)


def upgrade(
    url: sa.URL | str,
    features: Iterable[Feature],
    *,
    releases: Mapping[str, Release] | None = None,
    contract: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
    wait_seconds: float = WAIT_SECONDS,
) -> list[Applied]:
    """Bring the kit's tables and those of *features* to the newest revision.

    Each history is one transaction: it is applied whole or not at all. The first that fails ends
    the run; the same command resumes it.

    Args:
        url: Where the database is.
        features: In dependency order.
        releases: The wheels that brought them, for the ledger, by feature.
        contract: Apply contracting migrations as well, which wheels before them do not survive.
        on_progress: Told a line for each revision applied, and while it waits.
        wait_seconds: How long to wait for another process that migrates the same database.

    Returns:
        What was applied, in order; nothing where all was up to date.

    Raises:
        MigrationFailedError: A revision could not be applied.
        UpgradeRefusedError: Something is in the way that no migration should meet.
        LockHeldError: Another process migrates, and does not end.
    """
    applied: list[Applied] = []
    with (
        migration_engine(url) as engine,
        one_at_a_time(engine, wait_seconds=wait_seconds, on_progress=on_progress),
    ):
        for step in _plan(engine, histories(features), contract=contract).steps:
            release = (releases or {}).get(step.history.feature, Release())
            for done in _upgrade_one(engine, step, release, tuple(applied)):
                on_progress(f"{done.feature} {done.revision}")
                applied.append(done)
            for revision in step.later:
                on_progress(f"{step.history.feature} {revision.number} waits for --contract")
    return applied


def downgrade(url: sa.URL | str, history: History, revision: str = "base") -> None:
    """Take one history back to *revision*, in one transaction."""
    with migration_engine(url) as engine, engine.begin() as connection:
        command.downgrade(configure(connection, history), revision)


@contextmanager
def migration_engine(url: sa.URL | str) -> Iterator[sa.Engine]:
    """Give an engine for migrations, and close it at the end."""
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def make_engine(url: sa.URL | str) -> sa.Engine:
    """Make an engine with our transactions, and no limit on a statement's time."""
    address = sa.make_url(url)
    arguments: dict[str, Any] = {}
    if address.get_backend_name() == "postgresql":
        arguments = {"options": _POSTGRESQL_SETTINGS, "connect_timeout": 3}
        arguments["application_name"] = who_am_i()
    engine = sa.create_engine(address, poolclass=sa.pool.NullPool, connect_args=arguments)
    transactions.prepare(engine)
    return engine


def configure(connection: sa.Connection | None, history: History) -> Config:
    """Make Alembic's configuration for one history, without a file."""
    config = Config(stdout=io.StringIO(), cmd_opts=Namespace(quiet=True))
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("version_locations", str(history.versions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    config.attributes["feature"] = history.feature
    config.attributes["metadata"] = history.metadata
    return config


def _plan(engine: sa.Engine, found: Sequence[History], *, contract: bool) -> Plan:
    with transactions.reading(), engine.connect() as connection:
        planned = plan(connection, found, contract=contract)
    stopping = [item for item in planned.ahead if not item.runs]
    if planned.refusals or stopping:
        raise UpgradeRefusedError([*planned.refusals, *stopping])
    return planned


def _upgrade_one(
    engine: sa.Engine, step: Step, release: Release, before: tuple[Applied, ...]
) -> list[Applied]:
    """Apply what a history is behind by, revision by revision, so a failure can name its own."""
    history = step.history
    done: list[Applied] = []
    revision = history.head or "head"
    try:
        with engine.begin() as connection:
            # Read again: where there is no lock, another process may have come first.
            for revision in _missing(connection, step):
                command.upgrade(configure(connection, history), revision)
                done.append(Applied(history.feature, revision))
            _record(connection, history, release)
    except Exception as error:
        statement = getattr(error, "statement", None)
        reason = str(getattr(error, "orig", None) or error)
        raise MigrationFailedError(history.feature, revision, reason, statement, before) from error
    return done


def _missing(connection: sa.Connection, step: Step) -> list[str]:
    history = step.history
    current = current_revisions(connection, [history.feature]).get(history.feature, "")
    if step.now and current and current not in history.revisions:
        raise CommandError(f"the database is at {current}, which this version does not know")
    return [revision.number for revision in step.now if revision.number > current]


def _record(connection: sa.Connection, history: History, release: Release) -> None:
    current = current_revisions(connection, [history.feature]).get(history.feature)
    # A wheel that is behind its tables leaves the word of the one that made them.
    if current is not None and current in history.revisions:
        ledger.record(connection, history.manifest, history.migrations, current, release)
