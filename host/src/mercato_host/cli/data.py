"""Commands for the data of features, also of those whose wheel is gone."""

import sys
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from pathlib import Path

import click
import sqlalchemy as sa

from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import DOES_NOT_FIT
from mercato_composition.commands.operation import Operation
from mercato_composition.commands.operation import pass_operation
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import render
from mercato_database import ledger
from mercato_database.archive import archive as write_archive
from mercato_database.data_messages import dangling_references
from mercato_database.data_messages import describe
from mercato_database.data_messages import purge_refused
from mercato_database.holdings import KIT
from mercato_database.holdings import Holding
from mercato_database.holdings import count_rows
from mercato_database.holdings import holdings
from mercato_database.holdings import rows_in_words
from mercato_database.locks import LockHeldError
from mercato_database.messages import somebody_else_migrates
from mercato_database.messages import unreachable
from mercato_database.plan import empty_database
from mercato_database.plan import is_absent
from mercato_database.purge import Choices
from mercato_database.purge import PurgeRefusedError
from mercato_database.purge import preview as look
from mercato_database.purge import purge as purge_data
from mercato_database.references import dangling
from mercato_database.references import references
from mercato_host.extensions import db as database
from mercato_kit import transactions
from mercato_kit import work
from mercato_kit.feature import Check
from mercato_kit.feature import Feature

_WAIT_SECONDS = 60.0


@click.group(invoke_without_command=True)
@pass_operation
@click.pass_context
def data(ctx: click.Context, operation: Operation) -> None:
    """List what this database holds, also of features whose wheel is gone.

    A feature that leaves the deployment leaves its data behind; only `mercato data purge` takes it.
    """
    if ctx.invoked_subcommand is None:
        _list(operation)


@data.command(cls=Command, examples=["mercato data show reviews"])
@click.argument("feature")
@pass_operation
def show(operation: Operation, feature: str) -> None:
    """Show the tables and rows of FEATURE, who refers to it, and which wheels were seen."""
    engine = _engine(operation)
    with transactions.reading(), engine.connect() as connection:
        holding = _holding(connection, feature)
        seen = look(
            connection,
            holding,
            named=operation.deployment.features,
            manifests=_manifests(operation),
        )
    click.echo(f"{feature}: {describe(holding)}")
    if entry := holding.entry:
        for at, what in (
            (entry.first_seen_at, "first seen"),
            (entry.last_seen_at, "last seen"),
            (entry.purged_at, "purged"),
        ):
            if at is not None:
                click.echo(f"  {what} {at:%Y-%m-%d %H:%M:%SZ}")
        for number, known in sorted(entry.revisions.items()):
            click.echo(f"  schema {number} ({known['phase']}): since {known['since'] or 'unknown'}")
    _echo_rows(seen.rows)
    for blocker in seen.blockers:
        click.echo(f"  not to be purged: {blocker}")


@data.command(
    cls=Command,
    examples=["mercato data archive reviews", "mercato data archive reviews --to reviews.jsonl"],
)
@click.argument("feature")
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@pass_operation
def archive(operation: Operation, feature: str, to: Path | None) -> None:
    """Write every row of FEATURE to a file of JSON lines. Nothing is taken away.

    The first line says what the file holds, the last one how many rows; in between is a row a line.
    """
    engine = _engine(operation)
    with transactions.reading(), engine.connect() as connection:
        holding = _holding(connection, feature)
    file = to or Path(f"{feature}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl")
    try:
        counts = write_archive(engine, holding, file)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror or 'there is such a file'}") from error
    _echo_rows(counts)
    click.echo(str(file))


@data.command(
    cls=Command,
    examples=["mercato data purge reviews", "mercato data purge reviews --confirm reviews"],
)
@click.argument("feature")
@click.option("--confirm", metavar="FEATURE", help="The name again, where nobody can be asked.")
@click.option("--drop-events", is_flag=True, help="Forget events that wait for its handlers.")
@click.option("--let-dangle", is_flag=True, help="Leave rows of others that hold what they need.")
@pass_operation
def purge(
    operation: Operation,
    feature: str,
    confirm: str | None,
    drop_events: bool,  # noqa: FBT001
    let_dangle: bool,  # noqa: FBT001
) -> None:
    """Take the data of FEATURE away for good, after a look at it.

    Refused while the deployment names the feature, while others refer to its data, and while events
    wait for it. It goes whole or not at all.
    """
    engine = _engine(operation)
    named, manifests = operation.deployment.features, _manifests(operation)
    choices = Choices(drop_events=drop_events, let_dangle=let_dangle)
    with transactions.reading(), engine.connect() as connection:
        holding = _holding(connection, feature)
        if not holding.exists:
            click.echo(f"There is no data of {feature} any more.")
            return
        seen = look(connection, holding, named=named, manifests=manifests, choices=choices)
    if seen.blockers:
        raise DeploymentError([purge_refused(seen)])
    click.echo(f"{feature}: {describe(holding)}")
    _echo_rows(seen.rows)
    _confirm(feature, confirm)
    try:
        purge_data(
            engine,
            feature,
            named=named,
            manifests=manifests,
            choices=choices,
            wait_seconds=_WAIT_SECONDS,
            on_progress=click.echo,
        )
    except PurgeRefusedError as error:
        raise DeploymentError([purge_refused(error.preview)]) from error
    except LockHeldError as error:
        raise DeploymentError([somebody_else_migrates(error)]) from error
    click.echo(f"{feature} is purged.")


@click.command(cls=Command, examples=["mercato doctor"])
@pass_operation
def doctor(operation: Operation) -> None:
    """Look for data that is not what it should be. Changes nothing.

    Rows that name what another feature lost, and whatever the features themselves look for. Ends
    with 2 where something is wrong.
    """
    operation.require_migrated()
    with transactions.reading(), _engine(operation).connect() as connection:
        known = references(connection, ledger.read(connection), _manifests(operation))
        faults = [dangling_references(found) for found in dangling(connection, known)]
    if faults:
        click.echo(render(faults))
    checks = [(it.name, check) for it in operation.plan.features for check in it.manifest.doctor]
    answers = _ask(operation, checks) if checks else []
    for answer in answers:
        click.echo(answer)
    click.echo(f"{len(known)} references and {len(checks)} checks were looked at.")
    if answers or any(fault.severity == "error" for fault in faults):
        sys.exit(DOES_NOT_FIT)


def _list(operation: Operation) -> None:
    with transactions.reading(), _engine(operation).connect() as connection:
        found = holdings(connection)
        rows = {
            name: sum(count_rows(connection, table) for table in holding.tables)
            for name, holding in found.items()
        }
    for name, holding in found.items():
        click.echo(f"{name}: {describe(holding)}, {_state(operation, holding, rows[name])}")
    if not found:
        click.echo("Nothing.")


def _state(operation: Operation, holding: Holding, rows: int) -> str:
    if not holding.exists:
        purged = holding.entry and holding.entry.purged_at
        return f"purged {purged:%Y-%m-%d}" if purged else "no data"
    there = f"{len(holding.tables)} tables, {rows_in_words(rows)}"
    if holding.feature in operation.deployment.features or holding.feature == KIT:
        return there
    return f"{there}; this deployment does not name it"


def _engine(operation: Operation) -> sa.Engine:
    """Make an engine without a limit on time, for a database that is there."""
    from mercato_database.runner import make_engine  # noqa: PLC0415 - Alembic is slow

    engine = make_engine(operation.deployment.database_url)
    if is_absent(engine):
        return empty_database()
    try:
        with transactions.reading(), engine.connect():
            return engine
    except sa.exc.DBAPIError as error:
        raise DeploymentError([unreachable(engine.url, error)]) from error


def _holding(connection: sa.Connection, feature: str) -> Holding:
    found = holdings(connection)
    if feature == KIT or feature not in found:
        known = ", ".join(name for name in found if name != KIT) or "none"
        raise click.BadParameter(f"this database knows no {feature!r}. It knows: {known}")
    return found[feature]


def _manifests(operation: Operation) -> list[Feature]:
    return [feature.manifest for feature in operation.plan.features]


def _echo_rows(rows: dict[str, int]) -> None:
    for table, count in rows.items():
        click.echo(f"  {table}: {rows_in_words(count)}")


def _confirm(feature: str, confirmed: str | None) -> None:
    typed = confirmed or click.prompt(f"Type {feature} to take all of this away for good")
    if typed != feature:
        raise click.UsageError(f"{typed!r} is not {feature!r}; nothing was purged")


def _ask(operation: Operation, checks: Sequence[tuple[str, Check]]) -> list[str]:
    """Ask the checks of features, each in a transaction of its own, and return what is wrong."""
    with operation.app.app_context():
        answers = [
            (feature, check.name, work.run(check.function, read_only=True))
            for feature, check in checks
        ]
        database.engine.dispose()
    return [f"{feature}: {name}: {answer}" for feature, name, answer in answers if answer]
