"""``mercato data``: the data of features, also of those whose wheel is gone."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
from datetime import UTC
from datetime import datetime
from pathlib import Path

import click

from mercato_composition.commands import Command
from mercato_composition.commands import Operation
from mercato_composition.commands import pass_operation

_WAIT_SECONDS = 60.0


@click.group(invoke_without_command=True)
@pass_operation
@click.pass_context
def data(ctx: click.Context, operation: Operation) -> None:
    """List what this database holds, also of features whose wheel is gone.

    A feature that leaves the deployment leaves its data behind; only `mercato data purge` takes it.
    """
    from mercato_database.commands.data_support import list_holdings

    if ctx.invoked_subcommand is None:
        list_holdings(operation)


@data.command(cls=Command, examples=["mercato data show reviews"])
@click.argument("feature")
@pass_operation
def show(operation: Operation, feature: str) -> None:
    """Show the tables and rows of FEATURE, who refers to it, and which wheels were seen."""
    from mercato_database.commands.data_support import echo_rows
    from mercato_database.commands.data_support import find_holding
    from mercato_database.commands.data_support import manifests_of
    from mercato_database.commands.data_support import open_engine
    from mercato_database.data_messages import describe
    from mercato_database.purge import preview as look
    from mercato_kit import transactions

    engine = open_engine(operation)
    with transactions.reading(), engine.connect() as connection:
        holding = find_holding(connection, feature)
        seen = look(
            connection,
            holding,
            named=operation.deployment.features,
            manifests=manifests_of(operation),
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
    echo_rows(seen.rows)
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
    from mercato_database.archive import archive as write_archive
    from mercato_database.commands.data_support import echo_rows
    from mercato_database.commands.data_support import find_holding
    from mercato_database.commands.data_support import open_engine
    from mercato_kit import transactions

    engine = open_engine(operation)
    with transactions.reading(), engine.connect() as connection:
        holding = find_holding(connection, feature)
    file = to or Path(f"{feature}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl")
    try:
        counts = write_archive(engine, holding, file)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror or 'there is such a file'}") from error
    echo_rows(counts)
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
    from mercato_composition.faults import DeploymentError
    from mercato_database.commands.data_support import confirm_purge
    from mercato_database.commands.data_support import echo_rows
    from mercato_database.commands.data_support import find_holding
    from mercato_database.commands.data_support import manifests_of
    from mercato_database.commands.data_support import open_engine
    from mercato_database.data_messages import describe
    from mercato_database.data_messages import purge_refused
    from mercato_database.locks import LockHeldError
    from mercato_database.messages import somebody_else_migrates
    from mercato_database.purge import Choices
    from mercato_database.purge import PurgeRefusedError
    from mercato_database.purge import preview as look
    from mercato_database.purge import purge as purge_data
    from mercato_kit import transactions

    engine = open_engine(operation)
    named, manifests = operation.deployment.features, manifests_of(operation)
    choices = Choices(drop_events=drop_events, let_dangle=let_dangle)
    with transactions.reading(), engine.connect() as connection:
        holding = find_holding(connection, feature)
        if not holding.exists:
            click.echo(f"There is no data of {feature} any more.")
            return
        seen = look(connection, holding, named=named, manifests=manifests, choices=choices)
    if seen.blockers:
        raise DeploymentError([purge_refused(seen)])
    click.echo(f"{feature}: {describe(holding)}")
    echo_rows(seen.rows)
    confirm_purge(feature, confirm)
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
