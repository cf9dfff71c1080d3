"""``mercato db``: create, migrate and check the tables of the features."""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mercato_composition.commands import (
    Command,
    Operation,
    as_json,
    pass_operation,
    print_document,
    print_faults,
    progress,
)
from mercato_kit.progress import Progress

if TYPE_CHECKING:
    import sqlalchemy as sa

    from mercato_database.history import History
    from mercato_database.plan import Plan
    from mercato_kit.progress import Kind

_wait = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another process that migrates.",
)


@click.group()
@pass_operation
def db(operation: Operation) -> None:
    """Create, migrate and check the tables of the features.

    Each feature has its own history, so features can be added and removed at any time.
    """
    operation.needs_no_secret()


@db.command(
    cls=Command, examples=["mercato db upgrade", "mercato db upgrade --contract --wait 600"]
)
@click.option("--contract", is_flag=True, help="Also remove what only older versions use.")
@_wait
@progress
@pass_operation
def upgrade(operation: Operation, contract: bool, wait: float, progress: Kind) -> None:  # noqa: FBT001
    """Migrate the tables to what the installed features need.

    Each feature is migrated completely or not at all. After a failure, the same command resumes.
    Several machines may run it at once.

    Without --contract, the previous version still runs on the tables afterwards. Run it with
    --contract when only the new version is left: it removes what the new version does not use.
    """
    from mercato_database import runner
    from mercato_database.checks import database_errors

    operation.plan.require_fit()
    with database_errors(operation):
        applied = runner.upgrade(
            operation.database_url,
            operation.plan.features,
            contract=contract,
            progress=Progress(progress),
            wait_seconds=wait,
        )
    click.echo(f"{len(applied)} applied." if applied else "Nothing to do: all is up to date.")


@db.command(
    cls=Command, examples=["mercato db plan", "mercato db plan --sql", "mercato db plan --json"]
)
@click.option("--sql", is_flag=True, help="Show every statement in full.")
@as_json
@pass_operation
def plan(operation: Operation, sql: bool, as_json: bool) -> None:  # noqa: FBT001
    """Show what `mercato db upgrade` would do, without doing it.

    Statements that block requests are marked: "writes" locks rows, "locks" locks a table,
    "rewrites" locks a table while it copies it. "unknown" marks what only a real run can tell. On
    PostgreSQL, squawk finds the locks.
    """
    from mercato_composition.faults import DeploymentError
    from mercato_database.checks import database_errors, open_engine
    from mercato_database.history import histories
    from mercato_database.plan import read
    from mercato_database.report import describe, unnamed_rows
    from mercato_kit import transactions

    engine = open_engine(operation)
    with database_errors(operation):
        planned = read(engine, histories(operation.loaded_features()), contract=False)
        if as_json:
            with transactions.reading(), engine.connect() as connection:
                kept = unnamed_rows(connection, operation.draft.features)
            print_document("db plan", **describe(planned.steps, kept))
    if not as_json:
        _print_plan(planned, engine.dialect, whole=sql)
    if planned.errors:
        raise DeploymentError(planned.errors)


def _print_plan(planned: Plan, dialect: sa.Dialect, *, whole: bool) -> None:
    from mercato_database.history import KIT
    from mercato_database.preview import preview

    pending = [step for step in planned.steps if step.missing]
    for step in pending:
        release = f" ({step.history.candidate.release})" if step.feature != KIT else ""
        target = step.missing[-1].number
        click.echo(f"{step.feature} {step.current or 'nothing'} -> {target}{release}")
        for revision, statements in preview(step, dialect):
            waits = "; waits for --contract" if revision in step.later else ""
            click.echo(f"  {revision.number} {revision.phase}: {revision.summary}{waits}")
            for statement in statements:
                click.echo("\n".join(statement.lines(whole=whole)))
    if not pending:
        click.echo("Nothing to do: all is up to date.")


@db.command(cls=Command, examples=["mercato db check", "mercato db check --json"])
@progress
@as_json
@pass_operation
@click.pass_context
def check(ctx: click.Context, operation: Operation, progress: Kind, as_json: bool) -> None:  # noqa: FBT001
    """Show the revision of each feature's tables, and compare them with the models.

    Exits with 2 if migrations are pending, or if tables differ from the models.
    """
    from mercato_composition.commands.frame import EXIT_FAULTS
    from mercato_composition.faults.documents import as_document
    from mercato_database.checks import open_engine, require_migrated
    from mercato_database.drift import compare
    from mercato_database.history import histories

    found = histories(operation.loaded_features())
    require_migrated(operation)
    compared, shown = [], Progress(progress)
    with shown.amounts("comparing", len(found), "steps") as advance:
        for one in compare(open_engine(operation), found):
            compared.append(one)
            if not as_json:
                shown.line(str(one))
            advance(1)
    faults = [one.fault for one in compared if one.fault is not None]
    if as_json:
        tables = [
            {"feature": one.feature, "revision": one.revision, "head": one.head} for one in compared
        ]
        print_document("db check", tables=tables, faults=list(map(as_document, faults)))
    elif faults:
        print_faults(faults)
    if faults:
        ctx.exit(EXIT_FAULTS)


@db.command(cls=Command, examples=["mercato db adopt reviews"])
@click.argument("feature")
@_wait
@pass_operation
def adopt(operation: Operation, feature: str, wait: float) -> None:
    """Record existing tables without a revision as the tables of FEATURE.

    The tables must be exactly what its newest migration creates. They stay as they are;
    the kit's own tables are migrated first.
    """
    from mercato_database import drift
    from mercato_database.checks import database_errors, open_engine
    from mercato_database.history import current_revisions

    history = _find_history(operation, feature)
    with open_engine(operation).connect() as connection:
        at = current_revisions(connection, [feature]).get(feature)
    if at is not None:
        raise click.BadParameter(f"its tables are already at {at}; nothing to adopt")
    with database_errors(operation):
        drift.adopt(operation.database_url, history, wait_seconds=wait)
    click.echo(f"{feature} {history.head}")


@db.command(cls=Command, examples=['mercato db revision reviews -m "add rating"'])
@click.argument("feature")
@click.option("-m", "--message", required=True, help="What the migration does, in a few words.")
@pass_operation
def revision(operation: Operation, feature: str, message: str) -> None:
    """Write the next migration of FEATURE: what its models have and its history lacks.

    For developers of the feature: the file is written to the folder that its manifest names.
    Review it before you commit it. The deployment's database is not used.
    """
    from mercato_database.scaffold import write_revision

    written = write_revision(_find_history(operation, feature), message)
    click.echo(str(written) if written else "Nothing to write: the migrations match the models.")


def _find_history(operation: Operation, feature: str) -> History:
    """Return the history of a feature.

    Raises:
        click.BadParameter: No feature of this name has migrations.
    """
    from mercato_database.history import KIT, histories

    found = {history.feature: history for history in histories(operation.loaded_features())}
    del found[KIT]
    if feature not in found:
        known = ", ".join(found) or "none"
        raise click.BadParameter(f"it has no migrations. Features with migrations: {known}")
    return found[feature]
