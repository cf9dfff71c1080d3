"""Flask's configuration of each environment, and how the deployment file is read."""

import os
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from typing import Any
from typing import ClassVar

from msgspec import Meta
from msgspec import field

from mercato_composition.deployment import file as sources
from mercato_composition.deployment import tables as reading
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.file import variable_of
from mercato_composition.deployment.model import Deployment
from mercato_composition.deployment.model import FeatureChoice
from mercato_composition.deployment.model import Server
from mercato_composition.deployment.packages import requirements_of
from mercato_composition.deployment.sections import read_section
from mercato_composition.deployment.sections import secrets_in_clear
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_composition.faults import did_you_mean
from mercato_kit.settings import Secret
from mercato_kit.settings import Settings
from mercato_kit.settings import shown_as

__all__ = [
    "ENVIRONMENTS",
    "Config",
    "Deployment",
    "DevelopmentConfig",
    "FeatureChoice",
    "ProductionConfig",
    "Server",
    "TestingConfig",
    "from_mapping",
    "read",
]

SMALLEST_SECRET_KEY = 32


class Config:
    """Flask's configuration, the same in every environment."""

    ENVIRONMENT: ClassVar[str]

    # A request body is refused above this, before it is parsed.
    MAX_CONTENT_LENGTH = 64 * 1024
    # A handler answers every error, in tests as well.
    PROPAGATE_EXCEPTIONS = False
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_SAMESITE = "Lax"
    API_TITLE = "Mercato"
    API_VERSION = "v1"
    OPENAPI_VERSION = "3.1.0"
    CACHE_TYPE = "SimpleCache"
    RATELIMIT_HEADERS_ENABLED = True
    RATELIMIT_STORAGE_URI = "memory://"


class DevelopmentConfig(Config):
    """On a developer's machine: a known key, and plain HTTP."""

    ENVIRONMENT = "development"
    SECRET_KEY = "development only: everybody knows this key"  # noqa: S105
    SESSION_COOKIE_SECURE = False


class TestingConfig(Config):
    """Under test: a known key."""

    ENVIRONMENT = "testing"
    TESTING = True
    SECRET_KEY = "testing only: everybody knows this key, too"  # noqa: S105


class ProductionConfig(Config):
    """Before customers: the operator brings the key."""

    ENVIRONMENT = "production"


ENVIRONMENTS: Mapping[str, type[Config]] = {
    config.ENVIRONMENT: config for config in (DevelopmentConfig, TestingConfig, ProductionConfig)
}


def read(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Deployment:
    """Read the deployment file and the environment.

    Args:
        path: The file. Default: what ``MERCATO_DEPLOYMENT`` says, else ``deployment.toml``.
        environ: The environment; its ``MERCATO_…`` variables override the file.

    Raises:
        DeploymentError: With every mistake.
    """
    return _deployment_of(sources.load(path, environ))


def from_mapping(
    values: Mapping[str, Any],
    environ: Mapping[str, str] | None = None,
    name: str = "deployment.toml",
) -> Deployment:
    """Make a deployment of *values*, shaped like the file.

    Args:
        values: Tables and values.
        environ: Variables that override them; none by default.
        name: What messages call the file.

    Raises:
        DeploymentError: With every mistake.
    """
    return _deployment_of(sources.overlay(Source(name, values), environ or {}))


class Root(Settings, frozen=True):
    """The top of the file."""

    environment: Annotated[str, Meta(description="development, testing or production")] = (
        ProductionConfig.ENVIRONMENT
    )
    secret_key: Annotated[Secret | None, Meta(description="every key is derived from it")] = None
    database: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    features: dict[str, dict[str, Any]] = field(default_factory=dict)
    capabilities: dict[str, str] = field(default_factory=dict)
    redis: dict[str, Any] = field(default_factory=dict)
    index: dict[str, Any] = field(default_factory=dict)


def _deployment_of(source: Source) -> Deployment:
    """Make the typed deployment, or report every mistake at once."""
    root, faults = read_section(Root, source)
    faults += _stray_variables(source)
    # A mistake at the top must not hide those below.
    root = root or _readable_part(source)
    environment = ENVIRONMENTS.get(root.environment, ProductionConfig)
    server, server_faults = read_section(Server, source, ("server",))
    database_url, database_faults = reading.database_url(source)
    secret_key, key_faults = _secret_key(source, environment, root.secret_key)
    redis_url, redis_faults = reading.redis_url(source)
    features, feature_faults = reading.choices(source, root.features)
    faults += [*server_faults, *database_faults, *key_faults, *redis_faults]
    faults += [*feature_faults, *_secrets_in_clear(source, environment)]
    faults += [*requirements_of(features)[1], *reading.index_url(source)[1]]
    if root.environment not in ENVIRONMENTS:
        # Whether the key would do is for the right environment to say.
        faults = [fault for fault in faults if fault not in key_faults]
        faults.append(_unknown_environment(source, root.environment))
    if faults or server is None or database_url is None or secret_key is None:
        raise DeploymentError(faults)
    return Deployment(
        source=source,
        config=environment,
        database_url=database_url,
        sql_guard=reading.sql_guard(source, default=environment is not ProductionConfig),
        secret_key=secret_key,
        server=server,
        features=features,
        capabilities=root.capabilities,
        redis_url=redis_url,
    )


def _readable_part(source: Source) -> Root:
    readable = {}
    for name in Root.__struct_fields__:
        if name in source.values:
            alone = Source(source.name, {name: source.values[name]})
            if read_section(Root, alone)[0] is not None:
                readable[name] = source.values[name]
    root, _ = read_section(Root, Source(source.name, readable))
    return root or Root()


def _unknown_environment(source: Source, name: str) -> Fault:
    known = ", ".join(ENVIRONMENTS)
    shown = shown_as(name) or "as it is written"
    what = f"there is no environment {shown}.{did_you_mean(name, ENVIRONMENTS)}"
    return Fault("K100", source.origin("environment"), what, f"environments known: {known}")


def _stray_variables(source: Source) -> Iterator[Fault]:
    for path, variable in sources.stray_variables(source):
        if path[:1] == ("features",) and len(path) > 1:
            what = f"it sets something of {path[1]!r}, a feature that is not enabled."
            fix = f"add [features.{path[1]}] to {source.name}, or unset the variable"
            yield Fault("K204", variable, what, fix)
        else:
            what = "it names a value inside of something that is no table."
            yield Fault("K203", variable, what, "unset the variable, or correct its name")


def _secret_key(
    source: Source, environment: type[Config], given: Secret | None
) -> tuple[Secret | None, list[Fault]]:
    default = getattr(environment, "SECRET_KEY", None)
    key = given or (Secret(default) if default else None)
    variable = variable_of("secret_key")
    make = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    fix = (
        f"set {variable}, or {variable}_FILE to the path of a file that holds it; make one: {make}"
    )
    where = source.origin("secret_key")
    if key is None:
        what = "required setting 'secret_key' is absent (secret: every key is derived from it)."
        return None, [Fault("K201", where, what, fix)]
    if environment is not ProductionConfig:
        return key, []
    known = {DevelopmentConfig.SECRET_KEY, TestingConfig.SECRET_KEY}
    if key.reveal() in known:
        what = "'secret_key' is the one of development, which everybody knows."
        return None, [Fault("K205", where, what, fix)]
    if len(key.reveal()) < SMALLEST_SECRET_KEY:
        what = f"'secret_key' is shorter than {SMALLEST_SECRET_KEY} characters."
        return None, [Fault("K202", where, what, fix)]
    return key, []


def _secrets_in_clear(source: Source, environment: type[Config]) -> Iterator[Fault]:
    if environment is ProductionConfig:
        yield from secrets_in_clear(Root, source)
