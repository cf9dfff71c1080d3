"""Prepare the commands of features: each runs in the app, in a unit of work or in several."""

import copy
from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import click
from flask import Flask

from mercato_composition.commands.help import trace_option
from mercato_kit import work
from mercato_kit.feature import Feature


def commands_of(feature: Feature, name: str, make_app: Callable[[], Flask]) -> click.Group:
    """Return one of a feature's groups of commands.

    The manifest's own group is not changed, since another app may use it too.

    Args:
        feature: A feature with commands.
        name: The name of the group.
        make_app: Called when a command runs.

    Raises:
        LookupError: The feature has no such group.
    """
    if name not in feature.groups:
        raise LookupError(f"{feature.name} has no commands {name!r}")
    group: click.Group = _in_app(feature.groups[name], make_app)
    group.name = name
    if not group.help and not group.short_help:
        group.short_help = feature.summary
    return group


def _in_app(command: Any, make_app: Callable[[], Flask]) -> Any:
    """Copy a command, or a group with its commands, so that the copy runs in the app."""
    made = copy.copy(command)
    if isinstance(command, click.Group):
        made.commands = {name: _in_app(one, make_app) for name, one in command.commands.items()}
    elif command.callback is not None:
        made.callback = _in_unit_of_work(command.callback, make_app)
        if not any("--trace" in param.opts for param in command.params):
            made.params = [*command.params, trace_option()]
    return made


def _in_unit_of_work(
    callback: Callable[..., Any], make_app: Callable[[], Flask]
) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        with make_app().app_context():
            if work.is_in_steps(callback):
                return callback(*args, **kwargs)
            return work.run(lambda: callback(*args, **kwargs))

    return update_wrapper(run, callback)
