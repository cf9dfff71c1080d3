"""What the commands of one call share: the deployment, what it comes to, and how they refuse."""

import dataclasses
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import click
import msgspec
import sqlalchemy as sa
from flask import Flask

from mercato_composition.commands.features import commands_of
from mercato_composition.commands.output import tell
from mercato_composition.deployment.model import Deployment
from mercato_composition.deployment.model import Server
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_composition.features import plan as features
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.plan import Plan
from mercato_database.data_messages import unnamed_data
from mercato_database.messages import database_faults
from mercato_host import config
from mercato_host import create_app
from mercato_kit import transactions
from mercato_kit.errors import Problem

DOES_NOT_FIT = 2
"""The exit code where a deployment does not fit."""


class Operation:
    """One call of the command line. Everything is made when it is first asked for.

    Args:
        path: The deployment file, as given.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path

    @cached_property
    def deployment(self) -> Deployment:
        """The deployment file and the environment."""
        return config.read(self.path)

    @cached_property
    def plan(self) -> Plan:
        """The features of the deployment, and what does not fit."""
        return features.plan(self.deployment)

    @cached_property
    def app(self) -> Flask:
        """The app; only commands that run code of features make one."""
        return create_app(self.deployment)

    @cached_property
    def command_groups(self) -> dict[str, click.Group]:
        """The commands of each feature that has some, made to run in the app."""
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
        group = self.command_groups.get(name)
        if group is None and name in self.deployment.features and not self.plan.fits:
            raise DeploymentError(self.plan.faults)
        return group

    def serve_with(self, **chosen: str | int | None) -> Server:
        """Return how to serve: as the file says, but for what was *chosen* by option.

        To be called before the app is made: it needs a connection for each thread.
        """
        given = {name: value for name, value in chosen.items() if value is not None}
        server = msgspec.structs.replace(self.deployment.server, **given)
        self.deployment = dataclasses.replace(self.deployment, server=server)
        return server

    def loaded_features(self) -> tuple[Candidate, ...]:
        """Return the features in dependency order, if each that is required could be loaded.

        Raises:
            DeploymentError: One could not; with everything that does not fit.
        """
        there = {feature.name for feature in self.plan.features}
        wanted = {name for name, choice in self.deployment.features.items() if choice.required}
        if wanted - there:
            raise DeploymentError(self.plan.faults)
        return self.plan.features

    def database_faults(self) -> list[Fault]:
        """Ask the database whether its tables are what the features need."""
        return database_faults(self.engine(), self.plan.features)

    def data_warnings(self) -> list[Fault]:
        """Ask the database for data of features that the deployment does not name."""
        return unnamed_data(self.engine(), self.deployment.features)

    def delivery_warnings(self) -> list[Fault]:
        """Ask a database that is up to date for events that do not get on."""
        from mercato_runtime.worker.stuck import stuck_deliveries  # noqa: PLC0415 - rarely needed

        with transactions.reading(), self.engine().connect() as connection:
            return stuck_deliveries(connection, self.plan.features)

    def require_fit(self) -> None:
        """Refuse to go on where the features do not fit: what the database lacks comes after.

        Raises:
            DeploymentError: They do not; with everything that is in the way.
        """
        if not self.plan.fits:
            raise DeploymentError(self.plan.faults)

    def require_migrated(self) -> None:
        """Refuse to go on where migrations are pending.

        Raises:
            DeploymentError: They are, or the database cannot be asked.
        """
        faults = self.database_faults()
        if any(fault.severity == "error" for fault in faults):
            raise DeploymentError(faults)

    def engine(self) -> sa.Engine:
        """Make an engine for a few questions; its connections are closed with the command."""
        url = self.deployment.database_url
        engine = sa.create_engine(url, **transactions.engine_options(url))
        transactions.prepare(engine)
        if context := click.get_current_context(silent=True):
            context.call_on_close(engine.dispose)
        return engine


pass_operation = click.make_pass_decorator(Operation)


@contextmanager
def faults_are_printed(*, trace: bool) -> Iterator[None]:
    """Print what does not fit and end with 2; print a refusal of a feature and end with 1."""
    try:
        yield
    except DeploymentError as error:
        if trace:
            traceback.print_exc()
        tell(error.faults)
        sys.exit(DOES_NOT_FIT)
    except Problem as refusal:
        if trace:
            traceback.print_exc()
        places = "".join(f"\n    {it.pointer or '/'}: {it.detail}" for it in refusal.errors)
        click.echo(f"refused ({refusal.code}): {refusal.detail}{places}", err=True)
        sys.exit(1)
