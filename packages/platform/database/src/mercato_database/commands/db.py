"""``mercato db``: create, migrate and check the tables of the features."""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
from pathlib import Path

import click

from mercato_composition.commands import Command, Operation, pass_operation

_wait = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another process that migrates.",
)


@click.group()
def db() -> None:
    """Create, migrate and check the tables of the features.

    Each feature has its own history, so features can be added and removed at any time.
    """


@db.command(
    cls=Command, examples=["mercato db upgrade", "mercato db upgrade --contract --wait 600"]
)
@click.option("--contract", is_flag=True, help="Also remove what only older versions use.")
@_wait
@pass_operation
def upgrade(operation: Operation, contract: bool, wait: float) -> None:  # noqa: FBT001
    """Migrate the tables to what the installed features need.

    Each feature is migrated completely or not at all. After a failure, the same command resumes.
    Several machines may run it at once.

    Without --contract, the previous version still runs on the tables afterwards. Run it with
    --contract when only the new version is left: it removes what the new version does not use.
    """
    from mercato_database import runner
    from mercato_database.commands.histories import migration_faults, releases_of

    operation.plan.require_fit()
    composed = operation.plan.features
    with migration_faults(operation, composed):
        applied = runner.upgrade(
            operation.deployment.database_url,
            [feature.manifest for feature in composed],
            releases=releases_of(composed),
            contract=contract,
            on_progress=click.echo,
            wait_seconds=wait,
        )
    click.echo(f"{len(applied)} applied." if applied else "Nothing to do: all is up to date.")


@db.command(cls=Command, examples=["mercato db plan", "mercato db plan --sql"])
@click.option("--sql", is_flag=True, help="Show every statement in full.")
@pass_operation
def plan(operation: Operation, sql: bool) -> None:  # noqa: FBT001
    """Show what `mercato db upgrade` would do, without doing it.

    Statements that block requests are marked: "writes" locks rows, "locks" locks a table,
    "rewrites" locks a table while it copies it. "unknown" marks what only a real run can tell. On
    PostgreSQL, squawk finds the locks.
    """
    from mercato_composition.faults import DeploymentError
    from mercato_database import plan as planning
    from mercato_database.checks import open_engine
    from mercato_database.commands.histories import migration_faults, statement_lines
    from mercato_database.faults import refusal_fault
    from mercato_database.history import histories
    from mercato_database.preview import preview

    composed = operation.loaded_features()
    found = histories(feature.manifest for feature in composed)
    engine = open_engine(operation)
    with migration_faults(operation, composed):
        planned = planning.read(engine, found)
    releases = {feature.name: feature.release for feature in composed}
    for step in planned.steps:
        feature, target = step.history.feature, (*step.now, *step.later)
        if not target:
            continue
        release = f" ({releases[feature]})" if feature in releases else ""
        click.echo(f"{feature} {step.current or 'nothing'} -> {target[-1].number}{release}")
        for revision, statements in preview(step, engine.dialect):
            waits = "; waits for --contract" if revision in step.later else ""
            click.echo(f"  {revision.number} {revision.phase}: {revision.summary}{waits}")
            for statement in statements:
                click.echo("\n".join(statement_lines(statement, whole=sql)))
    if not any((*step.now, *step.later) for step in planned.steps):
        click.echo("Nothing to do: all is up to date.")
    if planned.refusals:
        raise DeploymentError(refusal_fault(item, composed) for item in planned.refusals)


@db.command(cls=Command, examples=["mercato db check"])
@pass_operation
def check(operation: Operation) -> None:
    """Show the revision of each feature's tables, and compare them with the models.

    Exits with 2 if migrations are pending, or if tables differ from the models.
    """
    from mercato_composition.faults import DeploymentError, Fault
    from mercato_database.checks import open_engine, require_migrated
    from mercato_database.drift import differences
    from mercato_database.faults import drift
    from mercato_database.history import current_revisions, histories

    composed = operation.loaded_features()
    require_migrated(operation)
    found = histories(feature.manifest for feature in composed)
    with open_engine(operation).connect() as connection:
        current = current_revisions(connection, [history.feature for history in found])
    faults: list[Fault] = []
    for history in found:
        state = current.get(history.feature, "-")
        if state != history.head:
            # The models are those of the newest revision, and would differ from older tables.
            click.echo(f"{history.feature} {state}; not compared: its models need {history.head}")
            continue
        click.echo(f"{history.feature} {state}")
        if lines := differences(operation.deployment.database_url, history):
            faults.append(drift(history.feature, lines, composed))
    if faults:
        raise DeploymentError(faults)


@db.command(cls=Command, examples=["mercato db adopt reviews"])
@click.argument("feature")
@_wait
@pass_operation
def adopt(operation: Operation, feature: str, wait: float) -> None:
    """Record existing tables without a revision as the tables of FEATURE.

    The tables must be exactly what its newest migration creates. Only the revision is written.
    """
    from mercato_composition.faults import DeploymentError
    from mercato_database import drift
    from mercato_database.checks import open_engine
    from mercato_database.commands.histories import find_history, migration_faults, releases_of
    from mercato_database.faults import not_adopted
    from mercato_database.history import current_revisions
    from mercato_database.ledger import Release

    composed = operation.loaded_features()
    history = find_history(operation, feature)
    url = operation.deployment.database_url
    with open_engine(operation).connect() as connection:
        at = current_revisions(connection, [feature]).get(feature)
    if at is not None:
        raise click.BadParameter(f"its tables are already at {at}; nothing to adopt")
    with migration_faults(operation, composed):
        release = releases_of(composed).get(feature, Release())
        try:
            drift.adopt(url, history, release, wait_seconds=wait)
        except drift.TablesDifferError as error:
            raise DeploymentError([not_adopted(feature, error.differences, composed)]) from error
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
    from mercato_database.commands.histories import find_history
    from mercato_database.scaffold import write_revision

    written: Path | None = write_revision(find_history(operation, feature), message)
    click.echo(str(written) if written else "Nothing to write: the migrations match the models.")
