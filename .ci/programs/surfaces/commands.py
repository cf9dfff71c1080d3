"""What operators type: the commands of a distribution as JSON Schemas."""

import importlib
from collections.abc import Iterator
from collections.abc import Sequence
from importlib.metadata import distribution
from typing import Any

import click

from mercato_kit.feature import Feature

Document = dict[str, Any]

KINDS = {
    "boolean": "boolean",
    "float": "number",
    "float range": "number",
    "integer": "integer",
    "integer range": "integer",
}
"""What click calls a type, and JSON Schema."""


def describe_commands(name: str, features: Sequence[Feature]) -> Document:
    """Describe every command, by the words that call it, e.g. ``mercato users create``."""
    return {
        words: describe_command(command)
        for group, outermost in groups_of(name, features)
        for words, command in commands_of(group, outermost)
    }


def groups_of(name: str, features: Sequence[Feature]) -> Iterator[tuple[str, click.Command]]:
    """Give the command lines: that of each feature, and the programs of the distribution."""
    for feature in features:
        if feature.cli is not None:
            yield f"mercato {feature.name}", feature.cli
    for program in distribution(name).entry_points.select(group="console_scripts"):
        # A program is often a function around the command of its name.
        command = getattr(importlib.import_module(program.module), program.name, program.load())
        if isinstance(command, click.Command):
            yield program.name, command


def commands_of(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Give a command and those below it; a feature's are not the host's, though it lists them."""
    if not command.hidden:
        yield words, command
        for name, inner in getattr(command, "commands", {}).items():
            yield from commands_of(f"{words} {name}", inner)


def describe_command(command: click.Command) -> Document:
    """Describe a command as a JSON Schema with a property for each spelling or place."""
    described: Document = {}
    required = []
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    for one in command.params:
        names = [*one.opts, *one.secondary_opts]
        if isinstance(one, click.Argument):
            names = [f"argument {arguments.index(one) + 1}"]
        described |= dict.fromkeys(names, schema_of(one))
        # Any of its spellings will do; the longest stands for all.
        required += [max(names, key=len)] if one.required else []
    return {"type": "object", "properties": described, "required": sorted(required)}


def schema_of(parameter: click.Parameter) -> Document:
    """Write what a parameter takes as JSON Schema."""
    kind = parameter.type
    schema: Document = {"type": "string"}
    if isinstance(kind, click.Choice):
        schema["enum"] = [str(one) for one in kind.choices]
    elif kind.name in KINDS:
        schema["type"] = KINDS[kind.name]
    elif kind.name != "text":
        schema["format"] = kind.name
    bounds = {"minimum": getattr(kind, "min", None), "maximum": getattr(kind, "max", None)}
    schema |= {key: bound for key, bound in bounds.items() if bound is not None}
    several: Document = {"type": "array", "items": schema}
    if parameter.nargs > 1:
        several |= {"minItems": parameter.nargs, "maxItems": parameter.nargs}
    if parameter.nargs != 1:
        return several
    return {"anyOf": [schema, several]} if parameter.multiple else schema
