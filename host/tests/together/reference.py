"""The generated pages of the reference: faults, settings and commands, read from the code.

``nox -s docs`` writes them.
"""

import inspect
from collections.abc import Iterator
from importlib.metadata import entry_points

import click
import msgspec

from mercato_composition.deployment.model import Choice
from mercato_composition.deployment.remotes import Remote
from mercato_composition.features.reserved import COMMANDS
from mercato_composition.report.settings import SECTIONS, fields_of
from mercato_kit import settings
from mercato_kit.feature import ENTRY_POINT_GROUP, Feature
from mercato_kit.settings import Secret, Settings

from . import refusals

FOLDER = refusals.ROOT / "docs/reference"

SETTINGS_HEAD = """\
# Settings

Every table of the deployment file and its settings; [deploying](../deploying.md) shows a file.
`nox -s docs` writes this page from the code; `mercato config` shows the values of a deployment.

A variable overrides each setting: `MERCATO_DATABASE__URL` is `url` in `[database]`, and
`MERCATO_FEATURES__ORDERS__SETTINGS__UNPAID_EXPIRY_MINUTES` is one of a feature. A secret comes from
its variable, or from the file that the variable with `_FILE` at its end names. The table
`[capabilities]` has a row for each contract that two features offer: `catalog = "products"`; and
one for a contract that many answer, if some of them are to answer or their order counts:
`discounts = ["vouchers", "loyalty"]`. `[decorators]` names the features that decorate a contract,
the outermost first: `catalog = ["price_lists", "b2b"]`.
"""

COMMANDS_HEAD = """\
# Commands

Every command of `mercato`, of the platform and of the features. `mercato NAME --help` shows the
same; `nox -s docs` writes this page from the code.

Each command takes `--deployment FILE` before its name: `mercato --deployment shop.toml check`, and
`--trace` before it or behind it. Those that list or plan take `--json`: one document, whose JSON
Schema is in the folder `schemas` of the package. The exit code is 2 where a deployment does not
fit, 64 where a command is typed wrongly, and 1 where a command fails or is refused.
"""


def settings_page() -> str:
    """Return the page of settings: a table for each table of the deployment file."""
    lines = [SETTINGS_HEAD]
    for path, kind in SECTIONS.items():
        lines += _settings(f"[{'.'.join(path)}]" if path else "Top of the file", kind)
    lines += _settings("[remote.CONTRACT.PROVIDER]", Remote)
    lines += _settings("[features.NAME]", Choice)
    for feature in _features():
        if feature.settings is not None:
            lines += _settings(f"[features.{feature.name}.settings]", feature.settings)
    return "\n".join(lines)


def commands_page() -> str:
    """Return the page of commands: a section for each, with usage, help and options."""
    lines = [COMMANDS_HEAD]
    for entry in sorted(entry_points(group=COMMANDS), key=lambda entry: entry.name):
        lines += _commands(entry.load(), f"mercato {entry.name}")
    for feature in _features():
        for name, group in feature.groups.items():
            lines += _commands(group, f"mercato {name}")
    return "\n".join(lines)


PAGES = {
    "faults.md": refusals.page,
    "settings.md": settings_page,
    "commands.md": commands_page,
}
"""The function that writes each page, by the name of its file."""


def _features() -> list[Feature]:
    """Return the manifests of the installed features, by name."""
    found = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name)
    return [entry.load() for entry in found]


def _settings(title: str, kind: type[Settings]) -> Iterator[str]:
    """Give the section of one table of the deployment file."""
    yield f"## {title}\n"
    yield "| setting | type | default | meaning |\n|---|---|---|---|"
    for field in fields_of(kind):
        cells = (field.name, settings.kind_of(field), _default(field), settings.meaning_of(field))
        yield "| {} |".format(" | ".join(cell.replace("|", "\\|") for cell in cells))
    yield ""


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = settings.default_of(field)
    if value is None:
        return "none"
    plain = value.reveal() if isinstance(value, Secret) else value
    return f"`{msgspec.json.encode(plain).decode()}`"


def _commands(command: click.Command, name: str) -> Iterator[str]:
    """Give the section of a command, and those of all commands of a group."""
    context = click.Context(command, info_name=name)
    yield f"## `{name}`\n"
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield "```\n{}\n```\n".format(command.get_usage(context).removeprefix("Usage: "))
    yield f"{inspect.cleandoc(command.help or '')}\n"
    options = [it for it in command.params if isinstance(it, click.Option)]
    records = [record for it in options if (record := it.get_help_record(context))]
    yield from (f"- `{option}`: {meaning}" for option, meaning in records)
    if records:
        yield ""
    if isinstance(command, click.Group):
        for word in command.list_commands(context):
            yield from _commands(command.commands[word], f"{name} {word}")


if __name__ == "__main__":
    for file, page in PAGES.items():
        (FOLDER / file).write_text(page())
