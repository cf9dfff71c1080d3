"""What every command has: examples in its help, and ``--trace``."""

from collections.abc import Sequence
from typing import Any

import click


class Command(click.Command):
    """A command whose help ends with examples, and which takes ``--trace``.

    Args:
        examples: Command lines.
    """

    def __init__(self, *args: Any, examples: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(trace_option())
        self._examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        with formatter.section("Examples"):
            for example in self._examples:
                formatter.write(f"  {example}\n")


def trace_option() -> click.Option:
    """Return the option ``--trace`` of a command; it is the same as before the command."""
    return click.Option(
        ["--trace"],
        is_flag=True,
        expose_value=False,
        callback=_trace,
        help="Show the traceback of an error.",
    )


def wants_trace() -> bool:
    """Tell whether the running command has ``--trace``, before its name or behind it."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.find_root().params.get("trace"))


def _trace(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001
    if wanted:
        ctx.find_root().params["trace"] = True
