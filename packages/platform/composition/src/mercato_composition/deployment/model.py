"""The typed values of a deployment."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, field

from mercato_composition.deployment.file import Source
from mercato_composition.deployment.partial import Hole, Partial
from mercato_composition.deployment.remotes import Remotes
from mercato_composition.faults import Place
from mercato_kit.settings import Secret, Settings

if TYPE_CHECKING:
    import sqlalchemy as sa

OPEN_WRITES_PER_MINUTE = 60
"""The default limit of ``open_writes_per_minute`` in production."""

KEPT_ANSWERS = 500
"""The default number of public answers that a process keeps in production."""

ENVIRONMENTS = ("development", "testing", "production")

DEVELOPMENT_KEYS: Mapping[str, str] = {
    "development": "development only: this key is public",
    "testing": "testing only: this key is public, too",
}
"""The default secret key of each environment that has one. Production refuses them."""


class Server(Settings, frozen=True):
    """``[server]``: how ``mercato serve`` serves HTTP."""

    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="port; 0 for any free one")] = 5000
    hosts: Annotated[
        list[str],
        Meta(
            description="names that customers reach the shop by, such as shop.example, or "
            ".shop.example with its subdomains; empty for any"
        ),
    ] = field(default_factory=list)
    url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s/?#@]+(/[^\s/?#]+)*)?$",
            description="where customers reach the shop, for the API document, such as "
            "https://shop.example; empty: where the document is requested",
        ),
    ] = ""
    workers: Annotated[int, Meta(ge=1, le=256, description="processes")] = 1
    threads: Annotated[int, Meta(ge=1, le=256, description="concurrent requests in a process")] = 4
    trusted_proxies: Annotated[
        int,
        Meta(ge=0, le=10, description="proxies in front whose X-Forwarded-* headers are trusted"),
    ] = 0
    machines: Annotated[int, Meta(ge=1, le=1000, description="machines that serve the shop")] = 1
    requests_per_minute: Annotated[
        int, Meta(ge=0, description="allowed from one address, or one /64 of IPv6; 0 for no limit")
    ] = 0
    origins: Annotated[
        list[str],
        Meta(description="origins whose pages may call the API, such as https://shop.example"),
    ] = field(default_factory=list)
    open_writes_per_minute: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(
            description="requests to one address that needs no account, such as registering and "
            "ordering, allowed from one client; 0 for no limit; "
            f"default {OPEN_WRITES_PER_MINUTE} in production, else 0",
        ),
    ] = None
    kept_answers: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(
            description="public answers, such as products, that a process keeps for 30 seconds; "
            f"0 for none; default {KEPT_ANSWERS} in production, else 0",
        ),
    ] = None
    show_versions: Annotated[
        bool, Meta(description="whether the page at / shows the versions of the features")
    ] = True
    direct: Annotated[
        bool, Meta(description="true: customers connect without a proxy in front, so in clear")
    ] = False


class Choice(Settings, frozen=True):
    """``[features.NAME]``."""

    package: Annotated[
        str | None, Meta(description="the distribution that brings it; default mercato-NAME")
    ] = None
    required: Annotated[bool, Meta(description="false: start without it if it has faults")] = True
    mount: Annotated[
        str,
        Meta(
            pattern=r"^((/[a-z0-9][a-z0-9._-]*)+)?$",
            description="prefix of all its URLs, such as /shop",
        ),
    ] = ""
    editable: Annotated[
        bool, Meta(description="true: production may run it from a folder of sources")
    ] = False
    settings: dict[str, Any] = field(default_factory=dict)


class FeatureChoice(Choice, frozen=True, kw_only=True):
    """A feature that the deployment names.

    Args:
        name: The name of its entry point.
        place: The line that names it.
        unknown: Its values that are unknown; the members have their defaults.
    """

    name: str
    place: Place
    unknown: Mapping[str, Hole] = field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class PreviousKey:
    """The secret key before the last change.

    Args:
        secret: The key.
        until: The moment from which it is not accepted.
    """

    secret: Secret
    until: datetime


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployment: what its file and the environment say, typed and complete.

    Args:
        source: The merged file and environment, for messages.
        environment: One of :data:`ENVIRONMENTS`.
        database_url: The database; a SQLite file has an absolute path.
        sql_guard: Whether a statement that touches another feature's tables is refused.
        secret_key: The key from which all others are derived.
        secret_key_previous: The one before it, which is accepted for a while.
        server: How it is served.
        features: The features that it names, by name.
        capabilities: By contract id: which provider answers it, or which of many, in order.
        decorators: By contract id: the features that decorate it, outermost first.
        remote: The terms of remote providers, by contract id and name.
        redis_url: The Redis server that shares rate limits, if any.
        log_level: The least level that is logged.
        accept: The dangers that the operator accepts in production: the reason, by rule.
    """

    source: Source
    environment: str
    database_url: sa.URL
    sql_guard: bool = False
    secret_key: Secret
    secret_key_previous: PreviousKey | None = None
    server: Server
    features: Mapping[str, FeatureChoice]
    capabilities: Mapping[str, str | list[str]]
    decorators: Mapping[str, str | list[str]] = dataclasses.field(default_factory=dict)
    remote: Remotes = dataclasses.field(default_factory=dict)
    redis_url: Secret | None = None
    log_level: str = "INFO"
    accept: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def path(self) -> Path | None:
        """The deployment file; None if the deployment was read from a mapping."""
        return self.source.file

    @property
    def open_writes_per_minute(self) -> int:
        """The limit in force on registering, ordering and the like; 0 for no limit."""
        return open_writes_per_minute(self.server, self.environment)

    @property
    def kept_answers(self) -> int:
        """The number of public answers that a process keeps; 0 for none."""
        if self.server.kept_answers is not None:
            return self.server.kept_answers
        return KEPT_ANSWERS if self.environment == "production" else 0


def open_writes_per_minute(server: Server | Partial[Server], environment: str) -> int:
    """Return the limit in force on registering, ordering and the like; 0 for no limit."""
    said: int | None = server.open_writes_per_minute
    if said is not None:
        return said
    return OPEN_WRITES_PER_MINUTE if environment == "production" else 0
