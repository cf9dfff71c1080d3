"""K201, K205, K206, K312: what development may do and production may not."""

import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask.helpers import get_debug_flag

from mercato_composition.deployment.file import variable_of
from mercato_composition.deployment.model import Deployment
from mercato_composition.deployment.sections import table_at
from mercato_composition.deployment.tables import is_loopback
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.checks import secrets


def safe(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Fault]:
    """Check the rules of production."""
    if deployment.environment != "production":
        return
    for check in (_debug, _proxies, _origins, _sqlite, _limiter, _database, _writable):
        yield from check(deployment)
    yield from secrets.safe(features, deployment)


def _debug(_deployment: Deployment) -> Iterator[Fault]:
    if get_debug_flag():
        what = (
            "debug mode shows code and secrets in error pages, and runs code that a client sends."
        )
        yield Fault("K206", "FLASK_DEBUG", what, "unset FLASK_DEBUG")


def _proxies(deployment: Deployment) -> Iterator[Fault]:
    if "trusted_proxies" not in table_at(deployment.source, ("server",)):
        what = (
            "required setting 'trusted_proxies' of production is missing (int: proxies in front "
            "whose X-Forwarded-* are believed).\n"
            "too low: all clients share one address; too high: a client can forge its address"
        )
        fix = (
            f"set trusted_proxies = 1 in [server] of {deployment.source.name} "
            f"(0 where customers connect directly), or {variable_of('server', 'trusted_proxies')}"
        )
        yield Fault("K201", deployment.source.origin("server"), what, fix)


def _origins(deployment: Deployment) -> Iterator[Fault]:
    where = deployment.source.origin("server", "origins")
    for origin in deployment.server.origins:
        if origin.startswith("http:"):
            what = f"pages of {origin} in 'origins' are sent in clear: others can change them."
            yield Fault("K206", where, what, f"write {origin.replace('http:', 'https:', 1)}")


def _sqlite(deployment: Deployment) -> Iterator[Fault]:
    if deployment.database_url.get_backend_name() != "sqlite":
        return
    where = deployment.source.origin("database", "url")
    fix = f"use PostgreSQL: {variable_of('database', 'url')}=postgresql://…"
    server = deployment.server
    if server.machines > 1:
        what = f"{server.machines} machines cannot share a SQLite file: each would sell alone."
        yield Fault("K312", where, what, fix)
    elif server.workers > 1:
        what = (
            f"{server.workers} workers write to one SQLite file: one at a time, "
            "and the others wait until their requests time out."
        )
        yield Fault("K312", where, what, f"{fix}; or set workers = 1 in [server]")
    else:
        what = "SQLite allows one writer at a time, and serves one machine only."
        yield Fault("K312", where, what, f"{fix}; or nothing, for a small shop", "warning")


def _limiter(deployment: Deployment) -> Iterator[Fault]:
    server = deployment.server
    processes = server.workers * server.machines
    if server.requests_per_minute and processes > 1 and deployment.redis_url is None:
        what = (
            f"requests_per_minute = {server.requests_per_minute} is counted by each of "
            f"{processes} processes separately: {server.requests_per_minute * processes} pass."
        )
        fix = f"let them share the count: {variable_of('redis', 'url')}=redis://…"
        where = deployment.source.origin("server", "requests_per_minute")
        yield Fault("K206", where, what, fix)


def _database(deployment: Deployment) -> Iterator[Fault]:
    url = deployment.database_url
    if _is_remote(url) and url.query.get("sslmode") in ("disable", "allow"):
        what = f"sslmode={url.query['sslmode']} sends customers' data unencrypted to {url.host}."
        where = deployment.source.origin("database", "url")
        yield Fault("K206", where, what, "write sslmode=require, or verify-full")


def _is_remote(url: sa.URL) -> bool:
    return bool(url.host) and not str(url.host).startswith("/") and not is_loopback(str(url.host))


def _writable(deployment: Deployment) -> Iterator[Fault]:
    files = [deployment.path] if deployment.path else []
    files += map(Path, _secret_files(deployment.source.values))
    for file in files:
        if file.exists() and file.stat().st_mode & stat.S_IWOTH:
            what = f"every user of this machine may write {file}, and so choose what runs."
            yield Fault("K206", file.name, what, f"chmod o-w {file}")


def _secret_files(values: Mapping[str, Any]) -> Iterator[str]:
    """Find the files that secrets are read from: their keys end in ``_file``."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _secret_files(value)
        elif key.endswith("_file"):
            yield str(value)
