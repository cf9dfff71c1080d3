"""``mercato data``: list, show, archive and purge the data of features, installed or not."""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
from datetime import UTC, datetime
from pathlib import Path

import click

from mercato_composition.commands import Command, Operation, pass_operation

_WAIT_SECONDS = 60.0


@click.group(invoke_without_command=True)
@pass_operation
@click.pass_context
def data(ctx: click.Context, operation: Operation) -> None:
    """List the data in this database, including data of features that are not installed.

    The data of a feature stays when the feature is removed; only `mercato data purge` deletes it.
    """
    from mercato_database.commands.holdings import list_holdings

    if ctx.invoked_subcommand is None:
        list_holdings(operation)


@data.command(cls=Command, examples=["mercato data show reviews"])
@click.argument("feature")
@pass_operation
def show(operation: Operation, feature: str) -> None:
    """Show the tables, rows and schema versions of FEATURE, and what refers to it."""
    from mercato_database.commands.holdings import (
        echo_rows,
        find_holding,
        manifests_of,
        open_engine,
    )
    from mercato_database.data_faults import describe
    from mercato_database.purge import preview as preview_purge
    from mercato_kit import transactions

    engine = open_engine(operation)
    with transactions.reading(), engine.connect() as connection:
        holding = find_holding(connection, feature)
        found = preview_purge(
            connection,
            holding,
            named=operation.deployment.features,
            manifests=manifests_of(operation),
        )
    click.echo(f"{feature}: {describe(holding)}")
    if entry := holding.entry:
        for at, what in (
            (entry.first_seen_at, "first found"),
            (entry.last_seen_at, "last found"),
            (entry.purged_at, "purged"),
        ):
            if at is not None:
                click.echo(f"  {what} {at:%Y-%m-%d %H:%M:%SZ}")
        for number, known in sorted(entry.revisions.items()):
            click.echo(f"  schema {number} ({known['phase']}): since {known['since'] or 'unknown'}")
    echo_rows(found.rows)
    for blocker in found.blockers:
        click.echo(f"  purge refused: {blocker}")


@data.command(
    cls=Command,
    examples=["mercato data archive reviews", "mercato data archive reviews --to reviews.jsonl"],
)
@click.argument("feature")
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@pass_operation
def archive(operation: Operation, feature: str, to: Path | None) -> None:
    """Write every row of FEATURE to a file of JSON lines. Nothing is deleted.

    The first line describes the file, each further line is a row, the last line counts the rows.
    """
    from mercato_database.archive import archive as write_archive
    from mercato_database.commands.holdings import echo_rows, find_holding, open_engine
    from mercato_kit import transactions

    engine = open_engine(operation)
    with transactions.reading(), engine.connect() as connection:
        holding = find_holding(connection, feature)
    file = to or Path(f"{feature}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl")
    try:
        counts = write_archive(engine, holding, file)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror or 'the file exists'}") from error
    echo_rows(counts)
    click.echo(str(file))


@data.command(
    cls=Command,
    examples=["mercato data purge reviews", "mercato data purge reviews --confirm reviews"],
)
@click.argument("feature")
@click.option("--confirm", metavar="FEATURE", help="The name again, to skip the question.")
@click.option("--drop-events", is_flag=True, help="Delete events that wait for its handlers.")
@click.option("--let-dangle", is_flag=True, help="Allow references from rows that keep a copy.")
@pass_operation
def purge(
    operation: Operation,
    feature: str,
    confirm: str | None,
    drop_events: bool,  # noqa: FBT001
    let_dangle: bool,  # noqa: FBT001
) -> None:
    """Show the data of FEATURE, ask for confirmation, and delete it.

    Refused while the deployment names the feature, while rows of other features refer to its data,
    and while events wait for its handlers. All of the data is deleted, or none of it.
    """
    from mercato_composition.faults import DeploymentError
    from mercato_database.commands.holdings import (
        confirm_purge,
        echo_rows,
        find_holding,
        manifests_of,
        open_engine,
    )
    from mercato_database.data_faults import describe, purge_refused
    from mercato_database.faults import lock_held
    from mercato_database.locks import LockHeldError
    from mercato_database.purge import (
        Choices,
        PurgeRefusedError,
        preview as preview_purge,
        purge as purge_data,
    )
    from mercato_kit import transactions

    engine = open_engine(operation)
    named, manifests = operation.deployment.features, manifests_of(operation)
    choices = Choices(drop_events=drop_events, let_dangle=let_dangle)
    with transactions.reading(), engine.connect() as connection:
        holding = find_holding(connection, feature)
        if not holding.exists:
            click.echo(f"There is no data of {feature}.")
            return
        found = preview_purge(
            connection, holding, named=named, manifests=manifests, choices=choices
        )
    if found.blockers:
        raise DeploymentError([purge_refused(found)])
    click.echo(f"{feature}: {describe(holding)}")
    echo_rows(found.rows)
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
        raise DeploymentError([lock_held(error)]) from error
    click.echo(f"{feature} is purged.")
