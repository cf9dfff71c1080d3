"""A deployment as far as it is known: with faults it has holes, and cannot be started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import Deployment, FeatureChoice, PreviousKey, Server
from mercato_composition.deployment.partial import Hole, Partial, known
from mercato_composition.deployment.remotes import Remotes
from mercato_composition.deployment.tables import index_url
from mercato_composition.faults import DeploymentError, Fault, Severity
from mercato_kit.settings import Secret

if TYPE_CHECKING:
    import sqlalchemy as sa


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a file and the environment say, and what is wrong in them.

    The fields that :class:`Deployment` has, too, mean the same.

    Args:
        assumed: What was assumed of the environment, whose name is misspelt; for messages.
        named: The names of all features; a hole if one of them cannot be read.
        index_url: The URL of the only index of packages; None for the installer's default.
        faults: What is wrong.
        absent: How a required secret that is absent is reported; None for not at all.
    """

    source: Source
    environment: str | Hole
    assumed: str | None = None
    database_url: sa.URL | Hole
    sql_guard: bool | Hole
    secret_key: Secret | Hole
    secret_key_previous: PreviousKey | Hole | None = None
    server: Partial[Server]
    features: Mapping[str, FeatureChoice]
    named: frozenset[str] | Hole
    capabilities: Mapping[str, str | list[str]] | Hole
    decorators: Mapping[str, str | list[str]] | Hole
    remote: Remotes | Hole
    redis_url: Secret | Hole | None
    index_url: str | Hole | None
    log_level: str | Hole
    accept: Mapping[str, str] | Hole
    faults: tuple[Fault, ...] = ()
    absent: Severity | None = "error"

    @classmethod
    def of(cls, deployment: Deployment) -> Draft:
        """Return a deployment, of which all is known, as a draft."""
        shared = {one.name: getattr(deployment, one.name) for one in fields(deployment)}
        server = Partial("server", {}, deployment.server)
        named = frozenset(deployment.features)
        index, _ = index_url(deployment.source)
        return cls(**shared | {"server": server}, named=named, index_url=index)

    def whole(self) -> Deployment:
        """Return the deployment.

        Raises:
            DeploymentError: It has faults, all of which are in the error.
        """
        if any(fault.severity == "error" for fault in self.faults):
            raise DeploymentError(self.faults)
        return Deployment(
            source=self.source,
            environment=known(self.environment),
            database_url=known(self.database_url),
            sql_guard=known(self.sql_guard),
            secret_key=known(self.secret_key),
            secret_key_previous=known(self.secret_key_previous),
            server=known(self.server.whole()),
            features=self.features,
            capabilities=known(self.capabilities),
            decorators=known(self.decorators),
            remote=known(self.remote),
            redis_url=known(self.redis_url),
            log_level=known(self.log_level),
            accept=known(self.accept),
        )
