"""What a database lacks, as faults that tell the operator what to do."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mercato_host.faults import Fault
from mercato_host.features import Composed
from mercato_host.migrations import Pending
from mercato_host.migrations import pending

if TYPE_CHECKING:
    from mercato_host.migrations.locks import LockHeldError
    from mercato_host.migrations.running import MigrationFailedError

_UPGRADE = "mercato db upgrade"


def database_faults(engine: sa.Engine, features: Sequence[Composed]) -> list[Fault]:
    """Find what keeps *features* from working with a database.

    Args:
        engine: To the database.
        features: In dependency order.
    """
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
        # Opening it would make the file; a question must not.
        engine = sa.create_engine("sqlite://")
    try:
        with engine.connect() as connection:
            found = pending(connection, [feature.manifest for feature in features])
    except sa.exc.DBAPIError as error:
        return [unreachable(engine.url, error)]
    return [pending_fault(item, features) for item in found]


def pending_fault(item: Pending, features: Sequence[Composed]) -> Fault:
    """Say that a feature's tables are not what it needs: K302, or K303 where they are newer."""
    where = _where(item.feature, features)
    if not item.count:
        what = f"its tables are at {item.current}; this version knows revisions up to {item.head}."
        fix = "install the version of it that made the tables, or a newer one"
        return Fault("K303", where, what, fix, feature=item.feature)
    state = "it has no tables yet" if item.current is None else f"its tables are at {item.current}"
    counted = "1 migration is" if item.count == 1 else f"{item.count} migrations are"
    what = f"{state}; this version needs {item.head}: {counted} pending."
    return Fault("K302", where, what, _UPGRADE, feature=item.feature)


def migration_failed(error: MigrationFailedError, features: Sequence[Composed]) -> Fault:
    """Say which migration failed, what holds now, and how to go on: K305."""
    lines = [f"migration {error.revision} failed: {error.reason.strip()}"]
    if error.statement:
        lines.append(f"statement: {' '.join(error.statement.split())[:500]}")
    lines.append(f"{error.feature} was rolled back to where it was; nothing of it was applied.")
    before = ", ".join(f"{done.feature} {done.revision}" for done in error.applied)
    lines.append(f"applied before, and kept: {before or 'nothing'}")
    fix = f"mend the cause, then go on with: {_UPGRADE}"
    where = _where(error.feature, features)
    return Fault("K305", where, "\n".join(lines), fix, feature=error.feature)


def somebody_else_migrates(error: LockHeldError) -> Fault:
    """Say that the lock on migrations is held: K306."""
    return Fault("K306", "database", f"{error}.", f"wait for it, then: {_UPGRADE} --wait 600")


def unreachable(url: sa.URL, error: sa.exc.DBAPIError) -> Fault:
    """Say that the database cannot be asked: K207."""
    reason = next(iter(str(error.orig).splitlines()), type(error).__name__)
    what = f"{url.render_as_string(hide_password=True)} cannot be asked: {reason}"
    return Fault("K207", "database", what, "start it, or correct [database] url")


def _where(feature: str, features: Sequence[Composed]) -> str:
    if feature == "kit":
        return f"mercato-kit {version('mercato-kit')} ('kit')"
    return next((one.where for one in features if one.name == feature), repr(feature))
