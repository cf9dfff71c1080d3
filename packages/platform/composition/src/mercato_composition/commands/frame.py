"""The ``mercato`` command: collects the commands of every installed distribution."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from typing import cast

import click

from mercato_composition.commands.operation import Operation
from mercato_composition.faults import DeploymentError
from mercato_composition.features.reserved import COMMANDS

DOES_NOT_FIT = 2
"""The exit code where a deployment does not fit."""


class Mercato(click.Group):
    """The commands of installed distributions, and a group for each feature that has some."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Name the commands. Those of features stand apart, since listing them imports them."""
        return sorted(_installed())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Find a command, or else the group of a feature."""
        entry = _installed().get(name)
        if entry is not None:
            return cast("click.Command", entry.load())
        return _operation(ctx).command_group(name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; print what does not fit, without a traceback."""
        with faults_are_printed(trace=ctx.params["trace"]):
            return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write which features may have commands, and how to begin."""
        if features := _features(ctx):
            with formatter.section("Commands of features (`mercato NAME --help` lists them)"):
                formatter.write_text(", ".join(features))
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


@click.group(cls=Mercato, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--deployment",
    type=click.Path(path_type=Path, dir_okay=False),
    is_eager=True,
    help="The deployment file. Default: $MERCATO_DEPLOYMENT, else ./deployment.toml",
)
@click.option("--trace", is_flag=True, help="Show where an error came from.")
@click.version_option(package_name="mercato-composition", message="mercato %(version)s")
@click.pass_context
def mercato(ctx: click.Context, /, **_options: object) -> None:
    """Compose installed features into a shop, as a deployment file says.

    The commands of a feature stand under its name; each runs in one transaction.
    """
    _operation(ctx)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    mercato.main(args=None if arguments is None else list(arguments), prog_name="mercato")


@contextmanager
def faults_are_printed(*, trace: bool) -> Iterator[None]:
    """Print what does not fit and exit with 2; print the refusal of a feature and exit with 1."""
    try:
        yield
    except DeploymentError as error:
        from mercato_composition.commands.output import tell

        if trace:
            traceback.print_exc()
        tell(error.faults)
        sys.exit(DOES_NOT_FIT)
    except Exception as error:
        # A refusal can only come from a feature, and then the kit is imported.
        errors = sys.modules.get("mercato_kit.errors")
        if errors is None or not isinstance(error, errors.Problem):
            raise
        if trace:
            traceback.print_exc()
        places = "".join(f"\n    {it.pointer or '/'}: {it.detail}" for it in error.errors)
        click.echo(f"refused ({error.code}): {error.detail}{places}", err=True)
        sys.exit(1)


def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=COMMANDS)}


def _features(ctx: click.Context) -> list[str]:
    try:
        return sorted(_operation(ctx).tables.get("features", {}))
    except DeploymentError:
        # Help is given where nothing else works; every command reports the fault itself.
        return []


def _operation(ctx: click.Context) -> Operation:
    if ctx.obj is None:
        ctx.obj = Operation(ctx.params.get("deployment"))
    return cast("Operation", ctx.obj)
