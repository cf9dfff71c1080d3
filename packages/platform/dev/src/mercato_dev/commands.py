"""``mercato new``: a feature to begin with."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
from pathlib import Path

import click

from mercato_composition.commands import Command


@click.command(
    cls=Command,
    examples=[
        "mercato new reviews",
        "mercato new news --thing article",
        "mercato new reviews --into ~/work --home https://git.example/reviews",
    ],
)
@click.argument("name")
@click.option("--thing", help="What one of them is called. Default: NAME in the singular.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="The folder to make its folder in. Default: here.",
)
@click.option("--home", metavar="URL", help="Where its repository will be. Default: no links.")
@click.option("--workspace", is_flag=True, help="For the repository of Mercato: beside the others.")
def new(
    name: str,
    thing: str | None,
    into: Path,
    home: str | None,
    workspace: bool,  # noqa: FBT001
) -> None:
    """Write a feature called NAME to begin with: small, complete, and green.

    Table, migration, routes, a contract it needs, events it answers, settings, sample data, and
    tests of all that.
    """
    from mercato_dev.scaffold import NameRefusedError, ToolError, make_feature

    try:
        folder = make_feature(name, into, thing=thing, home=home, workspace=workspace)
    except NameRefusedError as error:
        raise click.BadParameter(str(error)) from error
    except ToolError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{folder} is written. Its README says how to work on it.")
