"""Run migrations: each history in one transaction, one process at a time."""

import io
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from mercato_composition.faults import DeploymentError, Fault, Outside, mercato
from mercato_composition.features.candidate import Candidate
from mercato_database import ledger
from mercato_database.faults import UPGRADE
from mercato_database.history import History, Step, current_revisions, histories
from mercato_database.locks import migration_lock, process_name
from mercato_database.plan import read
from mercato_kit import transactions
from mercato_kit.feature import Feature
from mercato_kit.migrations import FOLDER
from mercato_kit.progress import Progress

WAIT_SECONDS = 60.0
"""How long to wait for another process that migrates the same database."""

_UNSEEN = Progress("none")

_POSTGRESQL_SETTINGS = {
    "lock_timeout": "10s",
    "statement_timeout": "0",
    # The transaction of the migration lock is idle while migrations run.
    "idle_in_transaction_session_timeout": "0",
    "TimeZone": "UTC",
    # Without it, a server process whose client was killed would keep its locks until its current
    # statement ends.
    "client_connection_check_interval": "1s",
}


@dataclass(frozen=True, slots=True)
class Applied:
    """One revision that was applied."""

    feature: str
    revision: str


def upgrade(
    url: sa.URL | str,
    features: Iterable[Feature | Candidate],
    *,
    contract: bool = False,
    progress: Progress = _UNSEEN,
    wait_seconds: float = WAIT_SECONDS,
) -> list[Applied]:
    """Migrate the kit's tables and those of *features* to the newest revision.

    Each history is applied in one transaction, completely or not at all. The run ends at the first
    failure; the same call resumes it.

    Args:
        url: The URL of the database.
        features: The features in dependency order.
        contract: Apply contracting migrations too; older wheels stop working after them.
        progress: Shows a line for each revision applied, and before a wait.
        wait_seconds: How long to wait for another process that migrates the same database.

    Returns:
        The applied revisions in order; an empty list if all tables were up to date.

    Raises:
        DeploymentError: A revision could not be applied (K305); or the upgrade did not begin, for
            the errors of its plan.
        LockHeldError: Another process held the migration lock for too long.
    """
    applied: list[Applied] = []
    with (
        migration_engine(url) as engine,
        migration_lock(engine, wait_seconds=wait_seconds, on_progress=progress.line),
    ):
        planned = read(engine, histories(features), contract=contract)
        if planned.errors:
            raise DeploymentError(planned.errors)
        pending = sum(len(step.now) for step in planned.steps)
        with progress.amounts("migrating", pending, "steps") as advance:
            for step in planned.steps:
                for done in _upgrade_one(engine, step, applied):
                    progress.line(f"{done.feature} {done.revision}")
                    applied.append(done)
                    advance(1)
                for revision in step.later:
                    progress.line(f"{step.feature} {revision.number} waits for --contract")
    return applied


def downgrade(url: sa.URL | str, history: History, revision: str = "base") -> None:
    """Downgrade one history to *revision* in one transaction."""
    with migration_engine(url) as engine, engine.begin() as connection:
        command.downgrade(configure(connection, history), revision)


@contextmanager
def migration_engine(url: sa.URL | str) -> Iterator[sa.Engine]:
    """Yield an engine for migrations, and dispose of it at the end."""
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def make_engine(url: sa.URL | str) -> sa.Engine:
    """Create an engine with the kit's transactions and without a statement timeout."""
    address = sa.make_url(url)
    arguments: dict[str, Any] = {}
    if address.get_backend_name() == "postgresql":
        arguments = transactions.connect_args() | {"application_name": process_name()}
    engine = sa.create_engine(address, poolclass=sa.pool.NullPool, connect_args=arguments)
    transactions.prepare(engine, _POSTGRESQL_SETTINGS, keep_plans=False)
    return engine


def configure(connection: sa.Connection | None, history: History) -> Config:
    """Create Alembic's configuration for one history, without a file."""
    config = Config(stdout=io.StringIO(), cmd_opts=Namespace(quiet=True))
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("version_locations", str(history.versions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    config.attributes["feature"] = history.feature
    config.attributes["metadata"] = history.metadata
    return config


def _upgrade_one(engine: sa.Engine, step: Step, before: Sequence[Applied]) -> list[Applied]:
    """Apply the revisions of a step one by one, so a failure can name its revision."""
    history = step.history
    done: list[Applied] = []
    revision = history.head or "head"
    try:
        with engine.begin() as connection:
            # Read the revision again: without a lock, another process may have migrated meanwhile.
            for revision in _missing(connection, step):
                command.upgrade(configure(connection, history), revision)
                done.append(Applied(history.feature, revision))
            _record(connection, history)
    except Exception as error:
        raise DeploymentError([_failed(history, revision, error, before)]) from error
    return done


def _missing(connection: sa.Connection, step: Step) -> list[str]:
    current = current_revisions(connection, [step.feature]).get(step.feature, "")
    if step.now and current and not step.history.knows(current):
        raise CommandError(f"the database is at {current}, which this version does not know")
    later = step.history.after(current or None)
    return [revision.number for revision in step.now if revision in later]


def _record(connection: sa.Connection, history: History) -> None:
    current = current_revisions(connection, [history.feature]).get(history.feature)
    # A wheel that is older than the tables does not replace the entry of the newer one.
    if current is not None and history.knows(current):
        ledger.record(connection, history.candidate, history.migrations, current)


def _failed(history: History, revision: str, error: Exception, before: Sequence[Applied]) -> Fault:
    """Return the fault of a failed migration, with what was kept and how to resume: K305."""
    reason = str(getattr(error, "orig", None) or error)
    lines = [f"migration {revision} failed: {reason.strip()}"]
    if statement := getattr(error, "statement", None):
        lines.append(f"statement: {' '.join(statement.split())[:500]}")
    lines.append(f"all migrations of {history.feature} in this run were rolled back.")
    kept = ", ".join(f"{done.feature} {done.revision}" for done in before)
    lines.append(f"applied before and kept: {kept or 'nothing'}")
    fixes = (Outside("correct the cause"), mercato(*UPGRADE))
    return history.candidate.fault("K305", "\n".join(lines), *fixes)
