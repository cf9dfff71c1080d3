"""``mercato graph``: show what features need, offer and publish."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
import click

from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation, pass_operation


@click.command(cls=Command, examples=["mercato graph", "mercato graph --mermaid > features.mmd"])
@click.option("--mermaid", is_flag=True, help="Print a Mermaid flowchart.")
@pass_operation
def graph(operation: Operation, mermaid: bool) -> None:  # noqa: FBT001
    """Show what each feature needs, offers, publishes and handles.

    Features are listed in the order in which they start. Works also if they do not fit.
    """
    from mercato_composition.features.relations import needs_between
    from mercato_composition.report.graph import as_mermaid, as_text

    operation.needs_no_secret()
    plan = operation.plan
    needs = list(needs_between(plan.features, plan.answers))
    lines = as_mermaid(plan, needs) if mermaid else as_text(plan, needs)
    for line in lines:
        click.echo(line)
    operation.require_readable()
    if not plan.fits:
        click.echo("The features do not fit together: `mercato check` says why.", err=True)
