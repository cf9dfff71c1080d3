"""``mercato config``: show every setting, its meaning and its origin."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
import click

from mercato_composition.commands.documents import as_json, print_document
from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation, pass_operation


@click.command(
    cls=Command,
    examples=[
        "mercato config",
        "mercato config --json",
        "mercato config --example > deployment.toml",
    ],
)
@as_json
@click.option("--example", is_flag=True, help="Print a deployment file with every setting.")
@pass_operation
def config(operation: Operation, as_json: bool, example: bool) -> None:  # noqa: FBT001
    """Show every setting with its value, type, meaning and origin.

    Secrets are hidden. --example needs no deployment: it prints one for development, with every
    installed feature that fits.
    """
    if example:
        from mercato_composition.report.example import write_example

        click.echo(write_example(), nl=False)
        return
    from mercato_composition.report.settings import settings_of
    from mercato_composition.report.text import as_object, as_text

    operation.needs_no_secret()
    found = list(settings_of(operation.plan))
    if as_json:
        print_document("config", settings=[as_object(one) for one in found])
    else:
        for line in as_text(found):
            click.echo(line)
    operation.require_readable()
