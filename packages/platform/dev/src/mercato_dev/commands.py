"""The command ``mercato new``, which writes a new feature."""

from pathlib import Path

import click

from mercato_composition.commands import Command


@click.command(
    cls=Command,
    examples=[
        "mercato new reviews",
        "mercato new news --thing article",
        "mercato new bundles --shape contract --contract discounts",
        "mercato new reviews --into ~/work --home https://git.example/reviews",
    ],
)
@click.argument("name")
@click.option(
    "--shape",
    type=click.Choice(["resource", "contract", "empty"]),
    default="resource",
    show_default=True,
    help="A table with routes; a provider of a contract; or a manifest alone.",
)
@click.option(
    "--contract",
    type=click.Choice(["discounts", "payments", "shipping", "taxes"]),
    help="The contract of --shape contract. Default: discounts.",
)
@click.option("--thing", help="Name of a single item of a resource. Default: the singular of NAME.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Folder in which to make the feature's folder. Default: the current folder.",
)
@click.option("--home", metavar="URL", help="URL of its repository, for links. Default: no links.")
@click.option("--workspace", is_flag=True, help="Write a part of the repository of Mercato.")
def new(
    name: str,
    shape: str,
    contract: str | None,
    thing: str | None,
    into: Path,
    home: str | None,
    workspace: bool,  # noqa: FBT001
) -> None:
    """Write a small, complete and tested feature called NAME to start from.

    A resource has a table with a migration, routes, a needed contract, handled events, settings,
    sample data, and tests of all that.
    """
    from mercato_dev.scaffold import NameRefusedError, ToolError, make_feature

    if contract and shape != "contract":
        raise click.UsageError("--contract goes with --shape contract.")
    if thing and shape != "resource":
        raise click.UsageError("--thing goes with --shape resource.")
    try:
        folder = make_feature(
            name,
            into,
            shape=shape,
            contract=contract or "discounts",
            thing=thing,
            home=home,
            workspace=workspace,
        )
    except NameRefusedError as error:
        raise click.BadParameter(str(error)) from error
    except ToolError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{folder} is written. Its README says how to work on it.")
