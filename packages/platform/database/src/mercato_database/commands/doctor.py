"""``mercato doctor``: find dangling references, and run the data checks of features."""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
import click

from mercato_composition.commands import Command, Operation, pass_operation
from mercato_composition.commands.frame import EXIT_FAULTS


@click.command(cls=Command, examples=["mercato doctor"])
@pass_operation
@click.pass_context
def doctor(ctx: click.Context, operation: Operation) -> None:
    """Check the data of all features. Changes nothing.

    Finds rows that refer to missing rows of another feature, and runs the checks that the features
    declare. Exits with 2 if something is wrong.
    """
    from mercato_composition.faults import render
    from mercato_database import ledger
    from mercato_database.checks import database_errors, open_engine, require_migrated
    from mercato_database.references import dangling, references
    from mercato_database.runner import make_engine
    from mercato_kit import transactions

    require_migrated(operation)
    manifests = [feature.manifest for feature in operation.plan.features]
    engine = open_engine(operation, make_engine)
    with database_errors(operation), transactions.reading(), engine.connect() as connection:
        known = references(connection, ledger.read(connection), manifests)
        faults = list(dangling(connection, known))
    if faults:
        click.echo(render(faults))
    checks = sum(len(manifest.doctor) for manifest in manifests)
    answers = _ask_checks(operation) if checks else []
    for answer in answers:
        click.echo(answer)
    click.echo(f"Checked {len(known)} references, and ran {checks} checks.")
    if answers or any(fault.severity == "error" for fault in faults):
        ctx.exit(EXIT_FAULTS)


def _ask_checks(operation: Operation) -> list[str]:
    """Run the checks of features, each in a separate transaction; return a line per problem."""
    from mercato_kit import work
    from mercato_kit.db import engine

    with operation.app.app_context():
        answers = [
            (feature.name, check.name, work.run(check.function, read_only=True))
            for feature in operation.plan.features
            for check in feature.manifest.doctor
        ]
        engine().dispose()
    return [f"{feature}: {name}: {answer}" for feature, name, answer in answers if answer]
