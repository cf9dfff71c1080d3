"""``mercato data``: list, show, archive and purge the data of features, installed or not.

The commands for the data of a person are in :mod:`mercato_database.commands.privacy`.
"""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mercato_composition.commands import (
    Command,
    Operation,
    as_json,
    pass_operation,
    print_document,
    progress,
)
from mercato_database.commands import privacy
from mercato_kit.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa

    from mercato_database.holdings import Holding
    from mercato_database.purge import Purge
    from mercato_kit.progress import Kind

_WAIT_SECONDS = 60.0

_OF_PERSONS = {str(command.name): command for command in privacy.COMMANDS}
"""Commands that run code of features, whose app needs its secrets."""


@click.group(invoke_without_command=True)
@as_json
@pass_operation
@click.pass_context
def data(ctx: click.Context, operation: Operation, as_json: bool) -> None:  # noqa: FBT001
    """List the data in this database, including data of features that are not installed.

    The data of a feature stays when the feature is removed; only `mercato data purge` deletes it.
    """
    if ctx.invoked_subcommand not in _OF_PERSONS:
        operation.needs_no_secret()
    if ctx.invoked_subcommand is None:
        _list(operation, as_json=as_json)
    elif as_json:
        raise click.UsageError(f"--json belongs behind {ctx.invoked_subcommand}.")


def _list(operation: Operation, *, as_json: bool) -> None:
    from mercato_database.holdings import holdings
    from mercato_database.inventory import line_of, row_of
    from mercato_database.purge import rows_of

    with _reading(operation) as connection:
        found = holdings(connection)
        rows = [
            row_of(it, rows_of(connection, it), operation.draft.features) for it in found.values()
        ]
    if as_json:
        print_document("data", features=rows)
        return
    for row in rows:
        click.echo(line_of(row))
    if not rows:
        click.echo("No data.")


@data.command(
    cls=Command, examples=["mercato data show reviews", "mercato data show reviews --json"]
)
@click.argument("feature")
@as_json
@pass_operation
def show(operation: Operation, feature: str, as_json: bool) -> None:  # noqa: FBT001
    """Show the tables, rows and schema versions of FEATURE, and what refers to it."""
    from mercato_database.inventory import details_of, lines_of
    from mercato_database.purge import rows_of

    with _reading(operation) as connection:
        holding = _find(connection, feature)
        rows = rows_of(connection, holding)
        blockers = list(_purge(operation, feature).blockers(connection))
    details = details_of(holding, rows, blockers)
    if as_json:
        print_document("data show", **details)
    else:
        for line in lines_of(details):
            click.echo(line)


@data.command(
    cls=Command,
    examples=["mercato data archive reviews", "mercato data archive reviews --to reviews.jsonl"],
)
@click.argument("feature")
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@progress
@pass_operation
def archive(operation: Operation, feature: str, to: Path | None, progress: Kind) -> None:
    """Write every row of FEATURE to a file of JSON lines. Nothing is deleted.

    The first line describes the file, each further line is a row, the last line counts the rows.
    """
    from mercato_database.archive import archive as write_archive
    from mercato_database.inventory import lines_of_rows
    from mercato_database.purge import rows_of

    with _reading(operation) as connection:
        holding = _find(connection, feature)
        total = sum(rows_of(connection, holding).values())
    file = to or Path(f"{feature}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl")
    try:
        with Progress(progress).amounts("archiving", total, "rows") as advance:
            counts = write_archive(connection.engine, holding, file, advance)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror or 'the file exists'}") from error
    for line in lines_of_rows(counts):
        click.echo(line)
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
    from mercato_database.checks import database_errors
    from mercato_database.inventory import lines_of_rows
    from mercato_database.purge import rows_of

    purge = _purge(operation, feature, drop_events=drop_events, let_dangle=let_dangle)
    with _reading(operation) as connection:
        holding = _find(connection, feature)
        if not holding.exists:
            click.echo(f"There is no data of {feature}.")
            return
        purge.require_allowed(connection, holding)
        rows = rows_of(connection, holding)
    click.echo(f"{feature}: {holding.description}")
    for line in lines_of_rows(rows):
        click.echo(line)
    typed = confirm or click.prompt(f"Type {feature} to delete all of this")
    if typed != feature:
        raise click.UsageError(f"{typed!r} is not {feature!r}; nothing was purged")
    with database_errors(operation):
        purge.run(connection.engine, wait_seconds=_WAIT_SECONDS, on_progress=click.echo)
    click.echo(f"{feature} is purged.")


for command in privacy.COMMANDS:
    data.add_command(command)


@contextmanager
def _reading(operation: Operation) -> Iterator[sa.Connection]:
    """Yield a connection that reads, without a statement timeout."""
    from mercato_database.checks import database_errors, open_engine
    from mercato_database.runner import make_engine
    from mercato_kit import transactions

    engine = open_engine(operation, make_engine)
    with database_errors(operation), transactions.reading(), engine.connect() as connection:
        yield connection


def _find(connection: sa.Connection, feature: str) -> Holding:
    """Return the data of a feature, which need not be installed.

    Raises:
        click.BadParameter: The database never held data of it.
    """
    from mercato_database.history import KIT
    from mercato_database.holdings import holdings

    found = holdings(connection)
    if feature == KIT or feature not in found:
        known = ", ".join(name for name in found if name != KIT) or "none"
        raise click.BadParameter(f"no data of {feature!r}. Features with data: {known}")
    return found[feature]


def _purge(operation: Operation, feature: str, **allowed: bool) -> Purge:
    from mercato_database.purge import Purge

    manifests = [one.manifest for one in operation.plan.features]
    return Purge(feature, operation.draft.features, manifests, **allowed)
