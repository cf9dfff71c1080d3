"""K201, K205, K206, K312: what development may do and production may not."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask.helpers import get_debug_flag

from mercato_composition.deployment import corrections, edits
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import (
    OPEN_WRITES_PER_MINUTE,
    Server,
    open_writes_per_minute,
)
from mercato_composition.deployment.partial import Hole, Partial
from mercato_composition.deployment.sections import table_at
from mercato_composition.faults import Certainty, Fault, Fix, Place, Variable
from mercato_composition.features.checks import database, files, needs, rules, secrets
from mercato_composition.features.checks.unsafe import Unsafe, origin_or_default
from mercato_kit.hosts import is_loopback
from mercato_kit.settings import Secret

_OPEN_WRITES = "server.open_writes_per_minute"

ACCEPTABLE = (_OPEN_WRITES,)


def _debug() -> Iterator[Unsafe]:
    if get_debug_flag():
        what = (
            "debug mode shows code and secrets in error pages, and runs code that a client sends."
        )
        yield Unsafe("debug", Place(variable="FLASK_DEBUG"), what, (Variable("FLASK_DEBUG", None),))


def _direct(server: Partial[Server], source: Source) -> Iterator[Unsafe]:
    if is_loopback(server.host) or server.trusted_proxies or server.direct:
        return
    what = (
        f"host = {server.host!r} can be reached from other machines, and no proxy is in front: "
        "passwords and orders cross the network in clear."
    )
    what += "\nput a reverse proxy that ends TLS in front, or say that customers connect directly"
    path = ("server", "host")
    is_said = table_at(source, ("server",)).get("host") == server.host
    where = source.origin(*path) if is_said else Place(name="--bind", path=path)
    ways = {"host": "127.0.0.1"} if is_said else {}
    yield Unsafe("server.host", where, what, _set(source, **ways, trusted_proxies=1, direct=True))


def _hosts(server: Partial[Server], source: Source) -> Iterator[Fault]:
    if not server.hosts:
        meaning = "list: names that customers reach the shop by"
        danger = "without it, requests for any name are served, and caches may keep the answers"
        fix = edits.set_value(source, ("server", "hosts"), ["<shop.example>"], "fill")
        yield _missing(source, "hosts", meaning, danger, fix)


def _proxies(server: Partial[Server], source: Source) -> Iterator[Fault]:
    if server.trusted_proxies == 0 and "trusted_proxies" not in table_at(source, ("server",)):
        meaning = "int: proxies in front whose X-Forwarded-* are believed"
        danger = "too low: all clients share one address; too high: a client can forge its address"
        danger += "; 0 where customers connect directly"
        path = ("server", "trusted_proxies")
        fixes = [edits.set_value(source, path, count, "choice") for count in (1, 0)]
        yield _missing(source, "trusted_proxies", meaning, danger, *fixes)


def _missing(source: Source, key: str, meaning: str, danger: str, *fixes: Fix) -> Fault:
    """Return the fault of a setting that only production requires (K201)."""
    what = f"required setting {key!r} of production is missing ({meaning}).\n{danger}"
    where = replace(source.origin("server"), path=("server", key))
    return Fault("K201", where, what, fixes)


def _origins(server: Partial[Server], source: Source) -> Iterator[Fault]:
    path = ("server", "origins")
    safe = [re.sub("^http:", "https:", origin) for origin in server.origins]
    for origin in server.origins:
        if origin.startswith("http:"):
            fix = edits.set_value(source, path, safe)
            what = f"pages of {origin} in 'origins' are sent in clear: others can change them."
            yield Fault("K206", source.shown(*path), what, (fix,))


def _sqlite(database_url: sa.URL, server: Partial[Server], source: Source) -> Iterator[Fault]:
    if database_url.get_backend_name() != "sqlite":
        return
    where = source.origin("database", "url")
    fixes = corrections.url(source, ("database", "url"), corrections.POSTGRESQL)
    if server.machines > 1:
        what = f"{server.machines} machines cannot share a SQLite file: each would sell alone."
        yield Fault("K312", where, what, (*fixes, *_set(source, machines=1)))
    elif server.workers > 1:
        what = (
            f"{server.workers} workers write to one SQLite file: one at a time, "
            "and the others wait until their requests time out."
        )
        yield Fault("K312", where, what, (*fixes, *_set(source, workers=1)))
    else:
        what = "SQLite allows one writer at a time, and serves one machine only: a small shop."
        yield Fault(
            "K312",
            where,
            what,
            fixes,
            severity="warning",
        )


def _open_writes(server: Partial[Server], environment: str, source: Source) -> Iterator[Unsafe]:
    if open_writes_per_minute(server, environment) == 0:
        what = "one client may register and order without a limit: it fills the shop with orders."
        fixes = _set(source, open_writes_per_minute=OPEN_WRITES_PER_MINUTE)
        where = origin_or_default(source, *_OPEN_WRITES.split("."))
        yield Unsafe(_OPEN_WRITES, where, what, fixes, acceptable=True)


def _limits_apart(
    server: Partial[Server], environment: str, redis_url: Secret | None, source: Source
) -> Iterator[Unsafe]:
    processes = server.workers * server.machines
    if processes == 1 or redis_url is not None:
        return
    limits = {
        "requests_per_minute": server.requests_per_minute,
        "open_writes_per_minute": open_writes_per_minute(server, environment),
    }
    for key, limit in limits.items():
        if limit:
            what = (
                f"{key} = {limit} is counted by each of {processes} processes separately: "
                f"{limit * processes} pass."
            )
            what += "\nprocesses share the count through Redis"
            fixes = corrections.url(source, ("redis", "url"), corrections.REDIS)
            # That a limit is counted apart is not accepted with the limit itself.
            where = origin_or_default(source, "server", key)
            yield Unsafe(f"server.{key}", where, what, fixes, mark="apart")


def _set(source: Source, **values: Any) -> tuple[Fix, ...]:
    """Return the fixes that set one of several keys of ``[server]``."""
    certainty: Certainty = "choice" if len(values) > 1 else "sure"
    return tuple(
        edits.set_value(source, ("server", key), value, certainty) for key, value in values.items()
    )


RULES: Sequence[Callable[..., Iterator[Fault | Unsafe | Hole]]] = (
    _hosts,
    _proxies,
    _origins,
    _sqlite,
    *secrets.RULES,
    _debug,
    _direct,
    _open_writes,
    _limits_apart,
    database.safe,
    files.safe,
    rules.development_only,
    rules.settings_in_clear,
    rules.unsafe_settings,
    needs.lacking_in_production,
)
"""What is checked in production only."""
