"""A deployment as the operator described it: what the other modules of the host read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Annotated
from typing import Any

import sqlalchemy as sa
from msgspec import Meta

from mercato_composition.deployment.file import Source
from mercato_kit.settings import Secret
from mercato_kit.settings import Settings

if TYPE_CHECKING:
    from mercato_host.config import Config


class Server(Settings, frozen=True):
    """``[server]``: how ``mercato serve`` listens."""

    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="port; 0 takes a free one")] = 5000
    workers: Annotated[int, Meta(ge=1, le=256, description="processes")] = 1
    threads: Annotated[int, Meta(ge=1, le=256, description="requests at once in a process")] = 4
    trusted_proxies: Annotated[
        int, Meta(ge=0, le=10, description="proxies in front whose X-Forwarded-* are believed")
    ] = 0
    machines: Annotated[int, Meta(ge=1, le=1000, description="machines that serve it")] = 1
    requests_per_minute: Annotated[
        int, Meta(ge=0, description="allowed from one address; 0 for as many as it likes")
    ] = 0


@dataclass(frozen=True, slots=True)
class FeatureChoice:
    """``[features.NAME]``: a feature that the deployment names.

    Args:
        name: Its entry point.
        package: The PEP 508 requirement that brings it; None means ``mercato-NAME``.
        required: False lets the deployment start without it.
        mount: What all its addresses start with; nothing by default.
        editable: Whether production may run it from a folder of sources.
        settings: Its settings, as the operator gave them.
        origins: Where each setting is from, by key: ``deployment.toml:12`` or a variable.
        where: File and line that name it.
    """

    name: str
    package: str | None
    required: bool
    settings: Mapping[str, Any]
    origins: Mapping[str, str]
    where: str
    mount: str = ""
    editable: bool = False


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployment as the operator described it, typed and whole.

    Args:
        source: The merged file and environment, for messages.
        config: Flask's configuration of its environment.
        database_url: Absolute, also for SQLite files.
        sql_guard: Whether a statement that touches another feature's tables is refused.
        secret_key: What every key is derived from.
        server: How it is served.
        features: What it is made of, by name.
        capabilities: Which feature answers a contract that two offer, by contract id.
        redis_url: Where limits and cache are shared, if anywhere.
    """

    source: Source
    config: type[Config]
    database_url: sa.URL
    sql_guard: bool = False
    secret_key: Secret
    server: Server
    features: Mapping[str, FeatureChoice]
    capabilities: Mapping[str, str]
    redis_url: Secret | None = None

    @property
    def path(self) -> Path | None:
        """The deployment file; None where the deployment was made of a mapping."""
        return self.source.file

    @property
    def environment(self) -> str:
        """``development``, ``testing`` or ``production``."""
        return self.config.ENVIRONMENT
