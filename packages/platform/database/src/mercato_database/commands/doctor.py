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
    from mercato_database.checks import require_migrated
    from mercato_database.commands.holdings import ask_checks, manifests_of, open_engine
    from mercato_database.data_faults import dangling_references
    from mercato_database.references import dangling, references
    from mercato_kit import transactions

    require_migrated(operation)
    with transactions.reading(), open_engine(operation).connect() as connection:
        known = references(connection, ledger.read(connection), manifests_of(operation))
        faults = [dangling_references(found) for found in dangling(connection, known)]
    if faults:
        click.echo(render(faults))
    checks = [(it.name, check) for it in operation.plan.features for check in it.manifest.doctor]
    answers = ask_checks(operation, checks) if checks else []
    for answer in answers:
        click.echo(answer)
    click.echo(f"Checked {len(known)} references, and ran {len(checks)} checks.")
    if answers or any(fault.severity == "error" for fault in faults):
        ctx.exit(EXIT_FAULTS)
