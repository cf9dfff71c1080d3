"""``mercato graph``: show what features need, offer and publish."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
import click

from mercato_composition.commands.documents import as_json, print_document
from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation, pass_operation


@click.command(
    cls=Command,
    examples=[
        "mercato graph",
        "mercato graph --mermaid > features.mmd",
        "mercato graph --svg > features.svg",
    ],
)
@click.option("--mermaid", is_flag=True, help="Print a Mermaid flowchart.")
@click.option("--svg", is_flag=True, help="Print a drawing of features and contracts.")
@as_json
@pass_operation
def graph(operation: Operation, mermaid: bool, svg: bool, as_json: bool) -> None:  # noqa: FBT001
    """Show what each feature needs, offers, publishes and handles.

    Features are listed in the order in which they start. Works also if they do not fit.
    """
    if sum((mermaid, svg, as_json)) > 1:
        raise click.UsageError("--mermaid, --svg and --json are three forms: choose one.")
    from mercato_composition.features.relations import needs_between
    from mercato_composition.report import graph as report

    operation.needs_no_secret()
    plan = operation.plan
    needs = list(needs_between(plan.features, plan.answers))
    if svg:
        from mercato_composition.report.diagram import graph_of
        from mercato_composition.report.svg import as_svg

        click.echo(as_svg(graph_of(plan).drawn(), is_file=True))
    elif mermaid:
        click.echo("\n".join(report.as_mermaid(plan, needs)))
    elif as_json:
        print_document("graph", **report.describe(plan, needs))
    else:
        for line in report.as_text(report.describe(plan, needs)):
            click.echo(line)
    operation.require_readable()
    if not plan.fits:
        click.echo("The features do not fit together: `mercato check` says why.", err=True)
