"""What the commands of one call share: the deployment, its plan, and the app."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
from __future__ import annotations

import dataclasses
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    from mercato_composition.deployment.model import Deployment
    from mercato_composition.deployment.model import Server
    from mercato_composition.features.candidate import Candidate
    from mercato_composition.features.plan import Plan


class Operation:
    """One call of the command line. Everything is made when it is first asked for.

    Args:
        path: The deployment file, as given.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path

    @cached_property
    def tables(self) -> Mapping[str, Any]:
        """The tables and values of the deployment file, unchecked."""
        import os

        from mercato_composition.deployment.file import load

        return load(self.path, os.environ).values

    @cached_property
    def deployment(self) -> Deployment:
        """The deployment file and the environment."""
        from mercato_composition.deployment.reader import read_deployment

        return read_deployment(self.path)

    @cached_property
    def plan(self) -> Plan:
        """The features of the deployment, and what does not fit."""
        from mercato_composition.features.plan import compose

        return compose(self.deployment)

    @cached_property
    def app(self) -> Flask:
        """The app; only commands that run code of features make one."""
        from mercato_composition.deployment.host import load_factory

        app: Flask = load_factory()(self.deployment)
        return app

    @cached_property
    def command_groups(self) -> dict[str, click.Group]:
        """The commands of each feature that has some, made to run in the app."""
        from mercato_composition.commands.features import commands_of

        return {
            feature.name: commands_of(feature.manifest, lambda: self.app)
            for feature in self.plan.features
            if feature.manifest.cli is not None
        }

    def command_group(self, name: str) -> click.Group | None:
        """Return the commands of one feature; None where there is no such feature.

        Raises:
            DeploymentError: The deployment names the feature, and it could not be loaded.
        """
        if name not in self.tables.get("features", {}):
            return None
        group = self.command_groups.get(name)
        if group is None:
            self.plan.require_fit()
        return group

    def serve_with(self, **chosen: str | int | None) -> Server:
        """Return how to serve: as the file says, but for what was *chosen* by option.

        To be called before the app is made: it needs a connection for each thread.
        """
        import msgspec

        given = {name: value for name, value in chosen.items() if value is not None}
        server = msgspec.structs.replace(self.deployment.server, **given)
        self.deployment = dataclasses.replace(self.deployment, server=server)
        return server

    def loaded_features(self) -> tuple[Candidate, ...]:
        """Return the features in dependency order, if each that is required could be loaded.

        Raises:
            DeploymentError: One could not; with everything that does not fit.
        """
        from mercato_composition.faults import DeploymentError

        there = {feature.name for feature in self.plan.features}
        wanted = {name for name, choice in self.deployment.features.items() if choice.required}
        if wanted - there:
            raise DeploymentError(self.plan.faults)
        return self.plan.features


pass_operation = click.make_pass_decorator(Operation)
