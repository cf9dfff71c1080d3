"""The ``mercato`` command, with the commands of every installed distribution."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, cast

import click

from mercato_composition.commands.operation import Operation
from mercato_composition.faults import DeploymentError
from mercato_composition.features.reserved import COMMANDS

EXIT_FAULTS = 2
"""The exit code of a command that prints faults of the deployment."""


class Mercato(click.Group):
    """Commands of installed distributions, and a group for each feature with commands."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of commands, without those of features: these would be imported."""
        return sorted(_installed())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a distribution's command, else a feature's group of commands."""
        entry = _installed().get(name)
        if entry is not None:
            return cast("click.Command", entry.load())
        return _operation(ctx).command_group(name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; print its errors without a traceback."""
        with printed_errors(trace=ctx.params["trace"]):
            return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write which features may have commands, and the commands of a first start."""
        if features := _features(ctx):
            with formatter.section("Commands of features (`mercato NAME --help` lists them)"):
                formatter.write_text(", ".join(features))
        with formatter.section("A first start"):
            formatter.write_dl(
                [
                    ("mercato check", "report faults of the deployment"),
                    ("mercato db upgrade", "create the tables"),
                    ("mercato seed", "add sample data, except in production"),
                    ("mercato worker", "deliver events and run jobs"),
                    ("mercato serve", "serve HTTP requests"),
                ]
            )


@click.group(cls=Mercato, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--deployment",
    type=click.Path(path_type=Path, dir_okay=False),
    is_eager=True,
    help="The deployment file. Default: $MERCATO_DEPLOYMENT, else ./deployment.toml",
)
@click.option("--trace", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="mercato-composition", message="mercato %(version)s")
@click.pass_context
def mercato(ctx: click.Context, /, **_options: object) -> None:
    """Run the installed features that a deployment file names as one shop.

    A feature's own commands are grouped under its name; each runs in one transaction.
    """
    _operation(ctx)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    mercato.main(args=None if arguments is None else list(arguments), prog_name="mercato")


@contextmanager
def printed_errors(*, trace: bool) -> Iterator[None]:
    """Print faults and exit with 2; print a feature's problem, or a file's error; exit with 1."""
    try:
        yield
    except DeploymentError as error:
        from mercato_composition.commands.output import print_faults

        if trace:
            traceback.print_exc()
        print_faults(error.faults)
        sys.exit(EXIT_FAULTS)
    except OSError as error:
        # One without a file is not about what the operator named.
        if trace or error.filename is None:
            raise
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    except Exception as error:
        # Only a feature raises a problem, and then the kit is already imported. Importing it here
        # would slow down every other error.
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
        # Help must work without a deployment. Every command reports this fault itself.
        return []


def _operation(ctx: click.Context) -> Operation:
    if ctx.obj is None:
        ctx.obj = Operation(ctx.params.get("deployment"))
    return cast("Operation", ctx.obj)
