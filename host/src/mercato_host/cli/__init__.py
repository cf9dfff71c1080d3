"""The ``mercato`` command."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import cast

import click

from mercato_composition.commands.check import check
from mercato_composition.commands.check import routes
from mercato_composition.commands.config import config
from mercato_composition.commands.explain import explain
from mercato_composition.commands.graph import graph
from mercato_composition.commands.graph import why
from mercato_composition.commands.operation import Operation
from mercato_composition.commands.operation import faults_are_printed
from mercato_composition.faults import DeploymentError
from mercato_database.commands.data import data
from mercato_database.commands.data import doctor
from mercato_database.commands.db import db
from mercato_dev.commands import new
from mercato_installer.commands import install
from mercato_installer.commands import lock
from mercato_installer.commands import rollback
from mercato_runtime.commands import seed
from mercato_runtime.commands import serve
from mercato_runtime.commands import worker


class Mercato(click.Group):
    """The host's own commands, and a group for each feature of the deployment that has some."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the host's commands, and the features of the deployment that have commands."""
        own = super().list_commands(ctx)
        try:
            return [*own, *_operation(ctx).command_groups]
        except DeploymentError:
            # Help is given where nothing else works; every command reports the fault itself.
            return own

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Find a command of the host, or else the group of a feature."""
        return super().get_command(ctx, name) or _operation(ctx).command_group(name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what does not fit is printed, without a traceback."""
        with faults_are_printed(trace=ctx.params["trace"]):
            return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how to begin."""
        with formatter.section("A first start"):
            formatter.write_dl(
                [
                    ("mercato check", "does everything fit?"),
                    ("mercato db upgrade", "make the tables"),
                    ("mercato seed", "sample data, outside production"),
                    ("mercato worker", "deliver events, run jobs"),
                    ("mercato serve", "answer requests"),
                ]
            )


@click.group(
    cls=Mercato,
    commands=[
        check,
        config,
        data,
        db,
        doctor,
        explain,
        graph,
        install,
        lock,
        new,
        rollback,
        routes,
        seed,
        serve,
        why,
        worker,
    ],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--deployment",
    type=click.Path(path_type=Path, dir_okay=False),
    is_eager=True,
    help="The deployment file. Default: $MERCATO_DEPLOYMENT, else ./deployment.toml",
)
@click.option("--trace", is_flag=True, help="Show where an error came from.")
@click.version_option(package_name="mercato-host", message="mercato-host %(version)s")
@click.pass_context
def mercato(ctx: click.Context, /, **_options: object) -> None:
    """Compose installed features into a shop, as a deployment file says.

    The commands of features stand under the feature's name; each runs in one transaction.
    """
    _operation(ctx)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    mercato.main(args=None if arguments is None else list(arguments), prog_name="mercato")


def _operation(ctx: click.Context) -> Operation:
    if ctx.obj is None:
        ctx.obj = Operation(ctx.params.get("deployment"))
    return cast("Operation", ctx.obj)
