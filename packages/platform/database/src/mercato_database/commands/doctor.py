"""``mercato doctor``: data that is not what it should be."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
import click

from mercato_composition.commands import Command
from mercato_composition.commands import Operation
from mercato_composition.commands import pass_operation
from mercato_composition.commands.frame import EXIT_FAULTS


@click.command(cls=Command, examples=["mercato doctor"])
@pass_operation
@click.pass_context
def doctor(ctx: click.Context, operation: Operation) -> None:
    """Look for data that is not what it should be. Changes nothing.

    Rows that name what another feature lost, and whatever the features themselves look for. Ends
    with 2 where something is wrong.
    """
    from mercato_composition.faults import render
    from mercato_database import ledger
    from mercato_database.checks import require_migrated
    from mercato_database.commands.data_support import ask_checks
    from mercato_database.commands.data_support import manifests_of
    from mercato_database.commands.data_support import open_engine
    from mercato_database.data_messages import dangling_references
    from mercato_database.references import dangling
    from mercato_database.references import references
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
    click.echo(f"{len(known)} references and {len(checks)} checks were looked at.")
    if answers or any(fault.severity == "error" for fault in faults):
        ctx.exit(EXIT_FAULTS)
