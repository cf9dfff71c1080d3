"""``mercato features``: list the installed features."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
import click

from mercato_composition.commands.documents import as_json, print_document
from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation, pass_operation


@click.command(cls=Command, examples=["mercato features", "mercato features --json"])
@as_json
@pass_operation
def features(operation: Operation, as_json: bool) -> None:  # noqa: FBT001
    """List the installed features, and which of them the deployment names.

    Reads the metadata of packages, and imports no feature.
    """
    from mercato_composition.report.installed import as_text, rows_of

    rows = list(rows_of(operation.tables.get("features", {})))
    if as_json:
        print_document("features", features=rows)
        return
    for line in as_text(rows):
        click.echo(line)
