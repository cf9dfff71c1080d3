"""``mercato why``: show which features need and offer a contract."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
import click

from mercato_composition.commands.documents import as_json, print_document
from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation, pass_operation


@click.command(cls=Command, examples=["mercato why catalog", "mercato why catalog --json"])
@click.argument("contract")
@as_json
@pass_operation
def why(operation: Operation, contract: str, as_json: bool) -> None:  # noqa: FBT001
    """Show which features need and offer CONTRACT, in which versions, and what pins them.

    Includes features that are installed and not enabled.
    """
    from mercato_composition.report.contract import as_text, trace_contract

    operation.needs_no_secret()
    report = trace_contract(contract, operation.plan)
    if as_json:
        print_document("why", **report)
    else:
        for line in as_text(report):
            click.echo(line)
    operation.require_readable()
