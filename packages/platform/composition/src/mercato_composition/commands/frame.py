"""The ``mercato`` command, with the commands of every installed distribution."""

from __future__ import annotations

import atexit
import gc
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, cast

import click
from click.shell_completion import CompletionItem

from mercato_composition.commands.help import wants_trace
from mercato_composition.commands.operation import Operation
from mercato_composition.faults import DeploymentError, did_you_mean
from mercato_composition.features.reserved import COMMANDS, FEATURES

EXIT_FAULTS = 2
"""The exit code of a command that prints faults of the deployment."""

EXIT_USAGE = 64
"""The exit code of a command line that is wrong: EX_USAGE of sysexits.h."""

UNCOLLECTED = 200_000
"""Objects that are made before the garbage collector runs: more than a start makes."""

_EXIT_CODES = (
    ("0", "it is done, or the deployment fits"),
    ("1", "a feature refused it, or the command broke"),
    ("2", "the deployment does not fit"),
    ("64", "the command line is wrong"),
)


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
        is_feature = name in _installed(FEATURES)
        # Completion imports no feature.
        if ctx.resilient_parsing:
            return click.Group(name) if is_feature else None
        try:
            return _operation(ctx).command_group(name)
        except DeploymentError:
            # Any other name is more likely misspelt than a group of a feature.
            if is_feature:
                raise
            return None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of commands and of installed features."""
        features = [name for name in _installed(FEATURES) if name.startswith(incomplete)]
        found = super().shell_complete(ctx, incomplete)
        return [*found, *(CompletionItem(name) for name in sorted(features))]

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the options before the command."""
        with _usage_errors():
            return super().make_context(*args, **kwargs)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; suggest a similar one if there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            hint = did_you_mean(args[0], [*_installed(), *_installed(FEATURES)])
            if not hint or hint in error.message:
                raise
            raise click.UsageError(f"{error.message}{hint}", ctx) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; print its errors without a traceback."""
        with _usage_errors(), printed_errors():
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
        with formatter.section("Exit codes"):
            formatter.write_dl(_EXIT_CODES)


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
    # What is imported stays. Collections while it is imported find nothing, and cost a sixth of
    # the start.
    gc.set_threshold(UNCOLLECTED)
    # Nor does the collection at the end of the process find anything.
    atexit.register(gc.freeze)
    mercato.main(args=None if arguments is None else list(arguments), prog_name="mercato")


@contextmanager
def printed_errors() -> Iterator[None]:
    """Print faults and exit with 2; print a feature's problem, or a file's error; exit with 1."""
    try:
        yield
    except DeploymentError as error:
        from mercato_composition.commands.output import print_faults

        if wants_trace():
            traceback.print_exc()
        print_faults(error.faults)
        sys.exit(EXIT_FAULTS)
    except OSError as error:
        # One without a file is not about what the operator named.
        if wants_trace() or error.filename is None:
            raise
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    except Exception as error:
        # Only a feature raises a problem, and then the kit is already imported. Importing it here
        # would slow down every other error.
        errors = sys.modules.get("mercato_kit.errors")
        if errors is None or not isinstance(error, errors.Problem):
            raise
        if wants_trace():
            traceback.print_exc()
        places = "".join(f"\n    {it.pointer or '/'}: {it.detail}" for it in error.errors)
        click.echo(f"refused ({error.code}): {error.detail}{places}", err=True)
        sys.exit(1)


@contextmanager
def _usage_errors() -> Iterator[None]:
    """Let a wrong command line exit with 64: 2 says that a deployment does not fit."""
    try:
        yield
    except click.UsageError as error:
        # click declares it for the class.
        vars(error)["exit_code"] = EXIT_USAGE
        raise


def _installed(group: str = COMMANDS) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=group)}


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
