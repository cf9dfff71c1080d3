"""Helpers of ``mercato db``: histories, releases, faults and statements."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

import click
import sqlalchemy as sa

from mercato_composition.commands import Operation
from mercato_composition.faults import DeploymentError
from mercato_composition.features.candidate import Candidate
from mercato_database.faults import lock_held, migration_failed, unreachable, upgrade_refused
from mercato_database.history import History, histories
from mercato_database.ledger import Release
from mercato_database.locks import LockHeldError
from mercato_database.preview import Statement
from mercato_database.runner import MigrationFailedError, UpgradeRefusedError

_WIDTH = 100
"""Characters of a statement that a plan shows without ``--sql``."""


def find_history(operation: Operation, feature: str) -> History:
    """Return the history of a feature.

    Raises:
        click.BadParameter: No feature of this name has migrations.
    """
    composed = operation.loaded_features()
    found = {item.feature: item for item in histories(one.manifest for one in composed)}
    if feature not in found or feature == "kit":
        known = ", ".join(name for name in found if name != "kit") or "none"
        raise click.BadParameter(f"it has no migrations. Features with migrations: {known}")
    return found[feature]


def releases_of(composed: Iterable[Candidate]) -> dict[str, Release]:
    """Return the wheel of the kit and of each feature, by name."""
    kit = Release("mercato-kit", version("mercato-kit"))
    return {"kit": kit} | {one.name: Release(one.distribution, one.version) for one in composed}


@contextmanager
def migration_faults(operation: Operation, composed: Sequence[Candidate]) -> Iterator[None]:
    """Raise the errors of migrations as faults.

    Raises:
        DeploymentError: The database, the lock or a migration failed, or the upgrade was refused.
    """
    try:
        yield
    except MigrationFailedError as error:
        raise DeploymentError([migration_failed(error, composed)]) from error
    except UpgradeRefusedError as error:
        raise DeploymentError(upgrade_refused(error, composed)) from error
    except LockHeldError as error:
        raise DeploymentError([lock_held(error)]) from error
    except sa.exc.DBAPIError as error:
        raise DeploymentError([unreachable(operation.deployment.database_url, error)]) from error


def statement_lines(statement: Statement, *, whole: bool) -> Iterator[str]:
    """Return the lines of one statement for a terminal, with its mark."""
    effect = statement.effect
    mark = f"    {effect.kind or '':<9}"
    if not statement.sql:
        yield f"{mark}{effect.why}"
        return
    text = statement.sql if whole else " ".join(statement.sql.split())
    if not whole and len(text) > _WIDTH:
        text = f"{text[: _WIDTH - 2]} …"
    yield from (f"{mark if n == 0 else ' ' * 13}{line}" for n, line in enumerate(text.splitlines()))
    yield from (f"{' ' * 13}({line})" for line in effect.why.splitlines())
