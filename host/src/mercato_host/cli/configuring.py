"""``mercato config``: every setting, what it means, and where it came from."""

import json
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

import click

from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation
from mercato_composition.commands.operation import pass_operation
from mercato_composition.report.settings import Setting
from mercato_composition.report.settings import settings_of


@click.command(
    cls=Command,
    examples=[
        "mercato config",
        "mercato config --json",
        "mercato config --example > deployment.toml",
    ],
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--example", is_flag=True, help="Write a deployment file with everything in it.")
@pass_operation
def config(operation: Operation, as_json: bool, example: bool) -> None:  # noqa: FBT001
    """Show every setting with its value, type, meaning, and where it came from.

    Secrets are hidden. --example needs no deployment: it writes one for development, with every
    installed feature that fits.
    """
    if example:
        from mercato_composition.report.example import write_example  # noqa: PLC0415 - rarely needed

        click.echo(write_example(), nl=False)
        return
    found = list(settings_of(operation.deployment, operation.plan))
    if as_json:
        click.echo(json.dumps([_as_object(one) for one in found], ensure_ascii=False, indent=2))
        return
    for line in _as_text(found):
        click.echo(line)


def _as_object(setting: Setting) -> dict[str, object]:
    members = asdict(setting)
    del members["path"]
    return {"key": setting.key, **members}


def _as_text(settings: Sequence[Setting]) -> Iterator[str]:
    """Give a line a setting: value and origin, then type and meaning."""
    widths = [
        max((len(text(one)) for one in settings), default=0) for text in (_assignment, _origin)
    ]
    for table, members in groupby(settings, key=lambda one: one.path[:-1]):
        if table:
            yield f"[{'.'.join(table)}]"
        for one in members:
            told = f"{one.kind}: {one.meaning}" if one.meaning else one.kind
            yield f"{_assignment(one):{widths[0]}}  {_origin(one):{widths[1]}}  {told}"


def _assignment(setting: Setting) -> str:
    value = "-" if setting.value is None else json.dumps(setting.value, ensure_ascii=False)
    return f"{setting.path[-1]} = {value}"


def _origin(setting: Setting) -> str:
    return setting.origin
