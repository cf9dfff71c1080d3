"""Read a deployment from its file and the environment, or report all faults in them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mercato_composition.deployment import corrections, edits, file, server_keys, tables
from mercato_composition.deployment.draft import Draft
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import DEVELOPMENT_KEYS, ENVIRONMENTS, Deployment, Server
from mercato_composition.deployment.packages import requirements_of
from mercato_composition.deployment.partial import Hole, Partial
from mercato_composition.deployment.remotes import remotes
from mercato_composition.deployment.sections import read_section, secrets_in_clear
from mercato_composition.deployment.server import hosts, listen, origins
from mercato_composition.deployment.tables import Database, Root
from mercato_composition.faults import (
    Certainty,
    Fault,
    Fix,
    Place,
    Severity,
    Variable,
    did_you_mean,
    nearest,
)
from mercato_kit.settings import Secret, shown_as

_SURE: Certainty = "sure"

_CHOICE: Certainty = "choice"

RULES = "the rules of production"
"""What cannot be checked where the environment is unknown."""

_CHECKS_OF_SERVER = {"host": listen, "hosts": hosts, "origins": origins}
"""What is checked of a value beside its type, by key."""

SMALLEST_SECRET_KEY = 32
"""Minimum length of the key in production, in characters."""


def read_deployment(
    deployment: Deployment | Mapping[str, Any] | Path | str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Deployment:
    """Read a deployment that has no faults; the arguments are those of :func:`read_draft`.

    Raises:
        DeploymentError: The deployment is invalid; with all faults of the file.
    """
    if isinstance(deployment, Deployment):
        return deployment
    return read_draft(deployment, environ).whole()


def read_draft(
    deployment: Deployment | Mapping[str, Any] | Path | str | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    absent: Severity | None = "error",
) -> Draft:
    """Read a deployment as far as it is known, and what is wrong in it.

    Args:
        deployment: Its file; or a mapping shaped like the file; or a deployment. Default: the
            file that ``MERCATO_DEPLOYMENT`` names, else ``deployment.toml``.
        environ: Its ``MERCATO_…`` variables override the values. Default: the process's
            environment for a file, none for a mapping.
        absent: How a required secret that is absent is reported; None for not at all.

    Raises:
        DeploymentError: The file cannot be opened.
    """
    if isinstance(deployment, Deployment):
        return Draft.of(deployment)
    if isinstance(deployment, Mapping):
        source = Source("deployment.toml", deployment)
        return _draft_of(file.overlay(source, environ or {}), absent)
    path = Path(deployment) if deployment is not None else None
    return _draft_of(file.load(path, os.environ if environ is None else environ), absent)


def _draft_of(source: Source, absent: Severity | None) -> Draft:
    root, faults = read_section(Root, source, absent=absent)
    faults += [*source.faults, *_stray_variables(source)]
    environment, assumed, unknown = _environment(source, root)
    server, server_faults = _server(source)
    database, database_faults = read_section(Database, source, ("database",))
    url, url_faults = tables.database_url(source, database)
    key, key_faults = _secret_key(source, environment, root.values["secret_key"], absent)
    previous, previous_faults = server_keys.previous_key(source, root, environment, absent)
    key_faults += previous_faults
    redis_url, redis_faults = tables.redis_url(source)
    index_url, index_faults = tables.index_url(source)
    log_level, logging_faults = tables.log_level(source)
    remote, remote_faults = remotes(source)
    features, feature_faults = tables.choices(source)
    if environment == "production":
        key_faults += secrets_in_clear(Root, source)
        key_faults = [replace(fault, assumes=assumed) for fault in key_faults]
    faults += [*unknown, *server_faults, *database_faults, *url_faults, *key_faults]
    faults += [*redis_faults, *index_faults, *logging_faults, *remote_faults, *feature_faults]
    faults += [*tables.deploy(source)[1], *requirements_of(source, features)[1]]
    accept = root.values["accept"]
    faults += () if isinstance(accept, Hole) else tables.accepted(source, accept)
    return Draft(
        source=source,
        environment=environment,
        assumed=assumed,
        database_url=url,
        sql_guard=_sql_guard(environment, database.values["sql_guard"]),
        secret_key=key,
        secret_key_previous=previous,
        server=server,
        features=features,
        named=source.hole("features") or _hole_in(root, "features") or frozenset(features),
        capabilities=root.values["capabilities"],
        decorators=root.values["decorators"],
        remote=remote,
        redis_url=redis_url,
        index_url=index_url,
        log_level=log_level,
        accept=accept,
        faults=tuple(faults),
        absent=absent,
    )


def _server(source: Source) -> tuple[Partial[Server], list[Fault]]:
    server, faults = read_section(Server, source, ("server",))
    for key, check in _CHECKS_OF_SERVER.items():
        if isinstance(server.values[key], Hole):
            continue
        if found := list(check(source, server)):
            server = server.without(key, Hole(f"server.{key}", (found[0].key,)))
            faults += found
    return server, faults


def _hole_in(root: Partial[Root], name: str) -> Hole | None:
    value = root.values[name]
    return value if isinstance(value, Hole) else None


def _environment(source: Source, root: Partial[Root]) -> tuple[str | Hole, str | None, list[Fault]]:
    """Return the environment, what was assumed if its name is misspelt, and the fault of that."""
    name = root.values["environment"]
    if isinstance(name, Hole):
        return Hole(RULES, name.because), None, []
    if name in ENVIRONMENTS:
        return name, None, []
    fault = _unknown_environment(source, name)
    close = nearest(name, ENVIRONMENTS)
    if not close:
        return Hole(RULES, (fault.key,)), None, [fault]
    return close, f'environment = "{close}"', [fault]


def _sql_guard(environment: str | Hole, said: bool | Hole | None) -> bool | Hole:  # noqa: FBT001
    if said is not None:
        return said
    return environment if isinstance(environment, Hole) else environment != "production"


def _unknown_environment(source: Source, name: str) -> Fault:
    known = ", ".join(ENVIRONMENTS)
    shown = shown_as(name)
    unknown = f"there is no environment {shown}" if shown else "the environment is unknown"
    what = f"{unknown}.{did_you_mean(name, ENVIRONMENTS)}"
    what += f" Environments: {known}"
    close = nearest(name, ENVIRONMENTS)
    meant, certainty = ((close,), _SURE) if close else (ENVIRONMENTS, _CHOICE)
    fixes = tuple(edits.set_value(source, ("environment",), one, certainty) for one in meant)
    return Fault("K100", source.shown("environment"), what, fixes)


def _stray_variables(source: Source) -> Iterator[Fault]:
    for path, place in file.stray_variables(source):
        unset: Fix = Variable(place.variable or "", None)
        if "" in path:
            yield Fault("K203", place, "a part of its name is empty.", (unset,))
        elif any(part.startswith("_") for part in path):
            meant = file.variable_of(*(part.strip("_") for part in path))
            what = f"a part of its name begins with an underscore. Did you mean {meant}?"
            fixes = (_renamed(place, meant), replace(unset, certainty="choice"))
            yield Fault("K203", place, what, fixes)
        elif path[:1] == ("features",) and len(path) > 1:
            named = file.named(source)
            what = f"it sets a value of the feature {path[1]!r}, which is not enabled."
            what += did_you_mean(path[1], named)
            close = nearest(path[1], named)
            fix = (
                _renamed(place, file.variable_of("features", close, *path[2:]))
                if close
                else edits.set_value(source, path[:2], {}, "choice")
            )
            yield Fault("K204", place, what, (fix, replace(unset, certainty="choice")))
        elif path[0] == "accept":
            what = "a danger is accepted in the deployment file only, where a reviewer sees it."
            yield Fault("K203", place, what, (unset,))
        else:
            what = "a part of its name, before a double underscore, is a value and not a table."
            yield Fault("K203", place, what, (unset,))


def _renamed(place: Place, name: str) -> Variable:
    """Return the fix that gives a variable another name."""
    old = place.variable or ""
    return Variable(name, f'"${old}"', unset=old, certainty="choice")


def _secret_key(
    source: Source, environment: str | Hole, given: Secret | Hole | None, absent: Severity | None
) -> tuple[Secret | Hole, list[Fault]]:
    if isinstance(given, Hole):
        return given, []
    if isinstance(environment, Hole):
        return given or environment, []
    key = given or Secret(DEVELOPMENT_KEYS.get(environment, ""))
    where = source.origin("secret_key")
    fixes = corrections.new_key(source)
    if not key.reveal() and given is None:
        what = "required setting 'secret_key' is missing (secret: all keys are derived from it)."
        fault = Fault("K201", where, what, fixes, severity=absent or "error")
        return Hole("secret_key", (fault.key,) if absent else ()), [fault] if absent else []
    if environment != "production":
        return key, []
    if key.reveal() in DEVELOPMENT_KEYS.values():
        what = "'secret_key' is a default of development or testing, which is public."
        fault = Fault("K205", where, what, fixes)
    elif len(key.reveal()) < SMALLEST_SECRET_KEY:
        what = f"'secret_key' is shorter than {SMALLEST_SECRET_KEY} characters."
        fault = Fault("K202", where, what, fixes)
    else:
        return key, []
    return Hole("secret_key", (fault.key,)), [fault]
