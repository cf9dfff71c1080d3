"""Read a deployment from its file and the environment, or report all faults in them."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mercato_composition.deployment import file, tables
from mercato_composition.deployment.file import Source, variable_of
from mercato_composition.deployment.model import DEVELOPMENT_KEYS, ENVIRONMENTS, Deployment, Server
from mercato_composition.deployment.packages import requirements_of
from mercato_composition.deployment.sections import origin_of, read_section, secrets_in_clear
from mercato_composition.deployment.tables import Root
from mercato_composition.faults import DeploymentError, Fault, Outside, did_you_mean
from mercato_kit.settings import Secret, shown_as

SMALLEST_SECRET_KEY = 32
"""Minimum length of the key in production, in characters."""


def read_deployment(
    deployment: Deployment | Mapping[str, Any] | Path | str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Deployment:
    """Read a deployment.

    Args:
        deployment: Its file; or a mapping shaped like the file; or a :class:`Deployment`, which is
            returned unchanged. Default: the file that ``MERCATO_DEPLOYMENT`` names, else
            ``deployment.toml``.
        environ: Its ``MERCATO_…`` variables override the values. Default: the process's
            environment for a file, none for a mapping.

    Raises:
        DeploymentError: The deployment is invalid; with all faults.
    """
    if isinstance(deployment, Deployment):
        return deployment
    if isinstance(deployment, Mapping):
        source = Source("deployment.toml", deployment)
        return _deployment_of(file.overlay(source, environ or {}))
    path = Path(deployment) if deployment is not None else None
    return _deployment_of(file.load(path, os.environ if environ is None else environ))


def _deployment_of(source: Source) -> Deployment:
    """Return the typed deployment, or report all faults at once."""
    root, faults = read_section(Root, source)
    faults += _stray_variables(source)
    # An invalid value at the top of the file must not hide faults in its tables.
    root = root or _readable_part(source)
    environment = root.environment if root.environment in ENVIRONMENTS else "production"
    server, server_faults = read_section(Server, source, ("server",))
    database_url, database_faults = tables.database_url(source)
    secret_key, key_faults = _secret_key(source, environment, root.secret_key)
    redis_url, redis_faults = tables.redis_url(source)
    log_level, logging_faults = tables.log_level(source)
    features, feature_faults = tables.choices(source, root.features)
    faults += [*server_faults, *database_faults, *key_faults, *redis_faults, *feature_faults]
    faults += logging_faults
    for check in (tables.listen, tables.hosts, tables.origins):
        faults += check(source, server)
    faults += secrets_in_clear(Root, source) if environment == "production" else ()
    faults += [*requirements_of(features)[1], *tables.index_url(source)[1]]
    faults += tables.accepted(source, root.accept)
    if source.values.get("environment", root.environment) not in ENVIRONMENTS:
        # Which keys are valid depends on the environment, which is not known.
        faults = [fault for fault in faults if fault not in key_faults]
    if root.environment not in ENVIRONMENTS:
        faults.append(_unknown_environment(source, root.environment))
    if faults or server is None or database_url is None or secret_key is None:
        raise DeploymentError(faults)
    return Deployment(
        source=source,
        environment=environment,
        database_url=database_url,
        sql_guard=tables.sql_guard(source, default=environment != "production"),
        secret_key=secret_key,
        server=server,
        features=features,
        capabilities=root.capabilities,
        redis_url=redis_url,
        log_level=log_level,
        accept=root.accept,
    )


def _readable_part(source: Source) -> Root:
    """Read the top of the file without its invalid values."""
    readable: dict[str, Any] = {}
    for name in Root.__struct_fields__:
        # A secret may be given as the path of a file.
        keys = {name, f"{name}_file"} & source.values.keys()
        alone = {key: source.values[key] for key in keys}
        if read_section(Root, Source(source.name, alone))[0] is not None:
            readable |= alone
    root, _ = read_section(Root, Source(source.name, readable))
    return root or Root()


def _unknown_environment(source: Source, name: str) -> Fault:
    known = ", ".join(ENVIRONMENTS)
    shown = shown_as(name)
    unknown = f"there is no environment {shown}" if shown else "the environment is unknown"
    what = f"{unknown}.{did_you_mean(name, ENVIRONMENTS)}"
    return Fault("K100", source.origin("environment"), what, (Outside(f"write one of: {known}"),))


def _stray_variables(source: Source) -> Iterator[Fault]:
    for path, variable in file.stray_variables(source):
        if "" in path:
            what = "a part of its name is empty."
            yield Fault(
                "K203", variable, what, (Outside("unset the variable, or correct its name"),)
            )
        elif path[:1] == ("features",) and len(path) > 1:
            what = f"it sets a value of the feature {path[1]!r}, which is not enabled."
            fix = f"add [features.{path[1]}] to {source.name}, or unset the variable"
            yield Fault("K204", variable, what, (Outside(fix),))
        elif path[0] == "accept":
            what = "a danger is accepted in the deployment file only, where a reviewer sees it."
            fix = f"unset the variable; write the rule and the reason in [accept] of {source.name}"
            yield Fault("K203", variable, what, (Outside(fix),))
        else:
            what = "a part of its name, before a double underscore, is a value and not a table."
            yield Fault(
                "K203", variable, what, (Outside("unset the variable, or correct its name"),)
            )


def _secret_key(
    source: Source, environment: str, given: Secret | None
) -> tuple[Secret | None, list[Fault]]:
    default = DEVELOPMENT_KEYS.get(environment)
    key = given or (Secret(default) if default else None)
    variable = variable_of("secret_key")
    make = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    fix = f"set {variable}, or {variable}_FILE to the path of a file with it; make one: {make}"
    where = source.origin("secret_key")
    if given is None and origin_of(source, "secret_key"):
        # What is wrong with it is reported with the top of the file.
        return None, []
    if key is None:
        what = "required setting 'secret_key' is missing (secret: all keys are derived from it)."
        return None, [Fault("K201", where, what, (Outside(fix),))]
    if environment != "production":
        return key, []
    if key.reveal() in DEVELOPMENT_KEYS.values():
        what = "'secret_key' is a default of development or testing, which is public."
        return None, [Fault("K205", where, what, (Outside(fix),))]
    if len(key.reveal()) < SMALLEST_SECRET_KEY:
        what = f"'secret_key' is shorter than {SMALLEST_SECRET_KEY} characters."
        return None, [Fault("K202", where, what, (Outside(fix),))]
    return key, []
