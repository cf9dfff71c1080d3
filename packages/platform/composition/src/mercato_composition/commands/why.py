"""``mercato why``: show which features need and offer a contract."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
import click

from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation, pass_operation


@click.command(cls=Command, examples=["mercato why catalog"])
@click.argument("contract")
@pass_operation
def why(operation: Operation, contract: str) -> None:
    """Show which features need and offer CONTRACT, in which versions, and what pins them.

    Includes features that are installed and not enabled.
    """
    from mercato_composition.report.contract import trace_contract

    operation.needs_no_secret()
    for line in trace_contract(contract, operation.plan):
        click.echo(line)
    operation.require_readable()
