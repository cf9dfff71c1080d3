"""What the commands for tables share."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from importlib.metadata import version

import click
import sqlalchemy as sa

from mercato_composition.commands import Operation
from mercato_composition.faults import DeploymentError
from mercato_composition.features.candidate import Candidate
from mercato_database.history import History
from mercato_database.history import histories
from mercato_database.ledger import Release
from mercato_database.locks import LockHeldError
from mercato_database.messages import migration_failed
from mercato_database.messages import refused
from mercato_database.messages import somebody_else_migrates
from mercato_database.messages import unreachable
from mercato_database.preview import Statement
from mercato_database.runner import MigrationFailedError
from mercato_database.runner import UpgradeRefusedError

_WIDTH = 100
"""Characters of a statement that a plan shows."""


def find_history(operation: Operation, feature: str) -> History:
    """Find the migrations of a feature."""
    composed = operation.loaded_features()
    found = {item.feature: item for item in histories(one.manifest for one in composed)}
    if feature not in found or feature == "kit":
        known = ", ".join(name for name in found if name != "kit") or "none"
        raise click.BadParameter(f"no feature of this name has migrations. There are: {known}")
    return found[feature]


def releases_of(composed: Iterable[Candidate]) -> dict[str, Release]:
    """Return the wheel of each feature and of the kit, by history."""
    kit = Release("mercato-kit", version("mercato-kit"))
    return {"kit": kit} | {one.name: Release(one.distribution, one.version) for one in composed}


@contextmanager
def migration_faults(operation: Operation, composed: Sequence[Candidate]) -> Iterator[None]:
    """Turn what stops migrations into what an operator is told."""
    try:
        yield
    except MigrationFailedError as error:
        raise DeploymentError([migration_failed(error, composed)]) from error
    except UpgradeRefusedError as error:
        raise DeploymentError(refused(error, composed)) from error
    except LockHeldError as error:
        raise DeploymentError([somebody_else_migrates(error)]) from error
    except sa.exc.DBAPIError as error:
        raise DeploymentError([unreachable(operation.deployment.database_url, error)]) from error


def statement_lines(statement: Statement, *, whole: bool) -> Iterator[str]:
    """Write one statement for a terminal, with its mark."""
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
