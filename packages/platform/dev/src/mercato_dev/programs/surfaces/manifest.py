"""Describe what operators and other features use: settings, commands, contracts, events."""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import distribution
from typing import Any

import click
import msgspec
from packaging.specifiers import SpecifierSet

from mercato_composition.report.settings import SECTIONS
from mercato_kit.errors import Problem
from mercato_kit.feature import Expansion, Feature, Glue, Need
from mercato_kit.settings import Secret, Settings, is_secret
from surfaces.trees import Tree, tree_of

HOOKS = ("personal_data", "sample_data")
OPTION = ("is_flag", "multiple", "nargs", "required", "type")
WORK = {"handles": ("topic", "versions", "remote"), "jobs": ("every_seconds", "remote")}


def describe_manifest(name: str, features: Sequence[Feature]) -> Tree:
    """Describe the manifests of the distribution *name*, and what it has besides."""
    parts = [(one, *part) for one in features for part in parts_of(one)]
    needs = [need for one in features for need in one.needs]
    return {
        "features": sorted(one.name for one in features),
        "settings": describe_settings(sections_of(name, features)),
        "permissions": sorted(name for one in features for name in one.permissions),
        "publishes": sorted(topic for one in features for topic in one.publishes),
        "referents": sorted(referent.word for one in features for referent in one.referents),
        "refusals": sorted(refusals_of(name.replace("-", "_"))),
        "hooks": sorted(f"{it} of {one.name}" for it in HOOKS for one in features if vars(one)[it]),
        "excludes": {other: True for one in features for other in one.excludes},
        "needs": {need.id: versions_of(need) for need in needs if need.at_least},
        "uses": {need.id: versions_of(need) for need in needs if not need.at_least},
        "offers": {
            f"{offer.id}.{offer.name}" if offer.name else offer.id: {
                "version": offer.version,
                **when,
            }
            for _, part, when in parts
            for offer in part.offers
        },
        "decorates": {
            it.id: {"version": it.version, **when}
            for _, part, when in parts
            for it in part.decorates
        },
        "expansions": {
            f"{it.word} {it.name}": {
                "allow": it.allow.name,
                "public": it.public,
                "members": sorted(members_of(it)),
                **when,
            }
            for _, part, when in parts
            for it in part.expansions
        },
        **{
            kind: {
                f"{one.name}.{work.name}": {fact: getattr(work, fact) for fact in facts} | when
                for one, part, when in parts
                for work in getattr(part, kind)
            }
            for kind, facts in WORK.items()
        },
        "commands": {
            words: describe_command(command)
            for group, outermost in groups_of(name, features)
            for words, command in commands_of(group, outermost)
        },
    }


def parts_of(feature: Feature) -> Iterator[tuple[Feature | Glue, Tree]]:
    """Return each glue of a manifest with its conditions, and last the manifest without any."""
    for glue in feature.glue:
        when = [f"{one.id} {one.versions}" if isinstance(one, Need) else one for one in glue.when]
        yield glue, {"when": ", ".join(sorted(when))}
    yield feature, {}


def members_of(expansion: Expansion) -> Iterator[str]:
    """Return the members of an expansion's values, each with its kind: ``average: Float``."""
    for name, field in expansion.schema().dump_fields.items():
        yield f"{field.data_key or name}: {type(field).__name__}"


def versions_of(need: Need) -> str:
    """Return the versions of a contract that a feature needs."""
    if SpecifierSet(need.versions).is_unsatisfiable():
        raise ValueError(f"no version of {need.id} is in {need.versions}")
    return need.versions


def refusals_of(package: str) -> Iterator[str]:
    """Return the status and code of each problem that *package* defines: ``409 sku_taken``."""
    kinds: list[type[Problem]] = [Problem]
    for kind in kinds:
        kinds += kind.__subclasses__()
        # An inherited code belongs to another class.
        if kind.__module__.partition(".")[0] == package and "code" in vars(kind):
            yield f"{kind.status} {kind.code}"


def sections_of(name: str, features: Sequence[Feature]) -> dict[str, type[Settings]]:
    """Return the settings classes of a distribution, by their table in the deployment file."""
    is_composition = name == "mercato-composition"
    host = {".".join(path): kind for path, kind in SECTIONS.items()} if is_composition else {}
    return host | {one.name: one.settings for one in features if one.settings is not None}


def describe_settings(sections: Mapping[str, type[Settings]]) -> Tree:
    """Describe each setting by its full name, and the classes that settings refer to."""
    fields = {
        f"{prefix}.{field.name}".removeprefix("."): field
        for prefix, kind in sections.items()
        for field in msgspec.structs.fields(kind)
    }
    types = [field.type for field in fields.values()]
    schemas, classes = msgspec.json.schema_components(types, schema_hook=schema_of)
    described: Tree = {f"class {name}": tree_of(one) for name, one in classes.items()}
    for (name, field), schema in zip(fields.items(), schemas, strict=True):
        described[name] = tree_of(schema)
        if field.required:
            described[name]["required"] = True
        elif field.default is not msgspec.NODEFAULT and not is_secret(field):
            described[name]["default"] = str(msgspec.to_builtins(field.default, enc_hook=str))
    return described


def schema_of(kind: Any) -> Tree:
    """Return the schema of a type that msgspec does not know: a secret, or anything."""
    return {"type": "string", "format": "password"} if kind is Secret else {}


def groups_of(name: str, features: Sequence[Feature]) -> Iterator[tuple[str, click.Command]]:
    """Return the command groups of the features, and the programs of the distribution."""
    for feature in features:
        yield from ((f"mercato {name}", group) for name, group in feature.groups.items())
    for entry in distribution(name).entry_points.select(group="mercato.commands"):
        yield f"mercato {entry.name}", entry.load()
    for program in distribution(name).entry_points.select(group="console_scripts"):
        # A program is often a function that calls the command of its name.
        command = getattr(importlib.import_module(program.module), program.name, program.load())
        if isinstance(command, click.Command):
            yield program.name, command


def commands_of(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Return a command and its subcommands by the words that call them, without hidden ones."""
    if not command.hidden:
        yield words, command
        for name, inner in getattr(command, "commands", {}).items():
            yield from commands_of(f"{words} {name}", inner)


def describe_command(command: click.Command) -> Tree:
    """Describe options by their longest spelling and arguments by their position."""
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    described = {}
    for one in command.params:
        info = {key: fact for key, fact in one.to_info_dict().items() if key in OPTION}
        if one in arguments:
            described[f"argument {arguments.index(one) + 1}"] = tree_of(info)
        else:
            info["opts"] = [*one.opts, *one.secondary_opts]
            described[max(one.opts, key=len)] = tree_of(info)
    return described
