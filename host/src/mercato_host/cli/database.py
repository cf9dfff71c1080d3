"""Commands for the tables of the features."""

from pathlib import Path

import click
import sqlalchemy as sa

from mercato_host.cli.operation import Operation
from mercato_host.cli.operation import pass_operation
from mercato_host.cli.teaching import Command
from mercato_host.faults import DeploymentError
from mercato_host.migrations import current_revisions
from mercato_host.migrations import histories
from mercato_host.migrations.faults import migration_failed
from mercato_host.migrations.faults import somebody_else_migrates
from mercato_host.migrations.faults import unreachable
from mercato_kit.feature import Feature

# Alembic is imported by the commands that need it: it takes half a second.


@click.group()
def db() -> None:
    """Make and check the tables of the features.

    Every feature has a history of its own, so one can leave or join at any time.
    """


@db.command(cls=Command, examples=["mercato db upgrade"])
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another process that migrates.",
)
@pass_operation
def upgrade(operation: Operation, wait: float) -> None:
    """Bring every table to what the installed features need.

    Each feature is migrated whole or not at all. After a failure the same command goes on where
    this one stopped. It may be run by several machines at once.
    """
    from mercato_host.migrations import running  # noqa: PLC0415
    from mercato_host.migrations.locks import LockHeldError  # noqa: PLC0415

    composed = operation.loaded_features()
    manifests = [feature.manifest for feature in composed]
    url = operation.deployment.database_url
    try:
        applied = running.upgrade(url, manifests, on_progress=click.echo, wait_seconds=wait)
    except running.MigrationFailedError as error:
        raise DeploymentError([migration_failed(error, composed)]) from error
    except LockHeldError as error:
        raise DeploymentError([somebody_else_migrates(error)]) from error
    except sa.exc.DBAPIError as error:
        raise DeploymentError([unreachable(url, error)]) from error
    click.echo(f"{len(applied)} applied." if applied else "Nothing to do: all is up to date.")


@db.command(cls=Command, examples=["mercato db check"])
@pass_operation
def check(operation: Operation) -> None:
    """Say which revision each feature's tables are at.

    Ends with 2 where migrations are pending.
    """
    composed = operation.loaded_features()
    operation.require_migrated()
    found = histories(feature.manifest for feature in composed)
    with operation.engine().connect() as connection:
        current = current_revisions(connection, [history.feature for history in found])
    for history in found:
        click.echo(f"{history.feature} {current.get(history.feature, '-')}")


@db.command(cls=Command, examples=['mercato db revision reviews -m "add rating"'])
@click.argument("feature")
@click.option("-m", "--message", required=True, help="What it does, in a few words.")
@pass_operation
def revision(operation: Operation, feature: str, message: str) -> None:
    """Write the next migration of FEATURE, from what its models say that its history does not.

    For the team of the feature: the file lands in the folder its manifest names. Read it before
    you commit it. No database is touched.
    """
    from mercato_host.migrations.writing import write_revision  # noqa: PLC0415

    found = {history.feature: history for history in histories(_manifests(operation))}
    if feature not in found or feature == "kit":
        known = ", ".join(name for name in found if name != "kit") or "none"
        raise click.BadParameter(f"no feature of this name has migrations. There are: {known}")
    written: Path | None = write_revision(found[feature], message)
    click.echo(str(written) if written else "Nothing to write: the history says what models say.")


def _manifests(operation: Operation) -> list[Feature]:
    return [feature.manifest for feature in operation.loaded_features()]
