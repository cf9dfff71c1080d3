"""One run of the command line: its deployment, plan and app."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
from __future__ import annotations

import dataclasses
import gc
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import sqlalchemy as sa
    from flask import Flask

    from mercato_composition.deployment.draft import Draft
    from mercato_composition.deployment.model import Deployment, Server
    from mercato_composition.faults import Severity
    from mercato_composition.features.candidate import Candidate
    from mercato_composition.features.plan import Plan

T = TypeVar("T")

_COLLECTED = gc.get_threshold()


class Operation:
    """One run of the command line. Each attribute is computed on first access.

    Args:
        path: The deployment file, as the user gave it.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.absent: Severity | None = "error"
        """How a required secret that is absent is reported; None for not at all."""
        self._made: dict[Callable[[Operation], Any], Any] = {}
        self._lock = RLock()

    def once(self, make: Callable[[Operation], T]) -> T:
        """Return what *make* returned for this run; call it on the first access.

        Checks of one run share an answer of the database with it.
        """
        # Checks run in threads.
        with self._lock:
            if make not in self._made:
                self._made[make] = make(self)
            found: T = self._made[make]
        return found

    @cached_property
    def tables(self) -> Mapping[str, Any]:
        """The tables and values of the deployment file, unchecked."""
        import os

        from mercato_composition.deployment.file import load

        return load(self.path, os.environ).values

    @cached_property
    def draft(self) -> Draft:
        """The deployment, as far as the file and the environment say it."""
        from mercato_composition.deployment.reader import read_draft

        return read_draft(self.path, absent=self.absent)

    @cached_property
    def plan(self) -> Plan:
        """The features of the deployment in dependency order, and all faults."""
        from mercato_composition.features.plan import compose

        return compose(self.draft)

    @property
    def deployment(self) -> Deployment:
        """The deployment.

        Raises:
            DeploymentError: It cannot be started; with all faults.
        """
        return self.plan.deployment

    @cached_property
    def database_url(self) -> sa.URL:
        """The URL of the database.

        Raises:
            DeploymentError: It is not known; with all faults.
        """
        from mercato_composition.deployment.partial import Hole
        from mercato_composition.faults import DeploymentError

        url = self.draft.database_url
        if isinstance(url, Hole):
            raise DeploymentError(self.plan.faults)
        return url

    def require_readable(self) -> None:
        """Check that the file and the variables have no errors, for commands that only read.

        They call it behind what they print.

        Raises:
            DeploymentError: There are some; with all faults.
        """
        from mercato_composition.faults import DeploymentError

        if any(fault.severity == "error" for fault in self.draft.faults):
            raise DeploymentError(self.plan.faults)

    def needs_no_secret(self) -> None:
        """Do not report that a secret is absent: this command only reads."""
        self.absent = None

    @property
    def app(self) -> Flask:
        """The Flask app. Only commands that run code of features need it."""
        return self.once(_make_app)

    def command_group(self, name: str) -> click.Group | None:
        """Return a group of commands of an enabled feature; None if there is none of this name.

        Raises:
            DeploymentError: The deployment names a feature like the group, and has faults; or it
                cannot be read.
        """
        from mercato_composition.commands.features import commands_of

        is_enabled = name in self.tables.get("features", {})
        for feature in self.plan.features:
            if name in feature.manifest.groups:
                return commands_of(feature.manifest, name, lambda: self.app)
        if is_enabled:
            self.plan.require_fit()
        return None

    def serve_with(self, **options: str | int | None) -> Server:
        """Override ``[server]`` with the *options* that are not None, and return it.

        Call it before the app is made: the number of threads decides the size of its pool of
        database connections.
        """
        import msgspec

        from mercato_composition.deployment.partial import Partial

        given = {name: value for name, value in options.items() if value is not None}
        server = self.deployment.server
        if given:
            server = msgspec.structs.replace(server, **given)
            self.draft = dataclasses.replace(self.draft, server=Partial("server", {}, server))
            del self.plan
        return server

    def loaded_features(self) -> tuple[Candidate, ...]:
        """Return the features in dependency order.

        Raises:
            DeploymentError: A required feature could not be loaded; with all faults.
        """
        from mercato_composition.faults import DeploymentError

        loaded = {feature.name for feature in self.plan.features}
        required = {name for name, choice in self.draft.features.items() if choice.required}
        if required - loaded:
            raise DeploymentError(self.plan.faults)
        return self.plan.features


def _make_app(operation: Operation) -> Flask:
    from mercato_composition.deployment.host import load_factory

    app: Flask = load_factory()(operation.deployment)
    # A command starts with a higher one; a server and a worker run for long.
    gc.set_threshold(*_COLLECTED)
    return app


pass_operation = click.make_pass_decorator(Operation)
