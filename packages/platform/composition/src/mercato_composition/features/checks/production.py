"""K201, K205, K206, K312: what development may do and production may not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import sqlalchemy as sa
from flask.helpers import get_debug_flag

from mercato_composition.deployment.file import Source, variable_of
from mercato_composition.deployment.model import Server, open_writes_per_minute
from mercato_composition.deployment.partial import Hole, Partial
from mercato_composition.deployment.sections import table_at
from mercato_composition.faults import Fault, Outside, Place
from mercato_composition.features.checks import database, files, rules, secrets
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
        yield Unsafe("debug", Place(variable="FLASK_DEBUG"), what, (Outside("unset FLASK_DEBUG"),))


def _direct(server: Partial[Server], source: Source) -> Iterator[Unsafe]:
    if is_loopback(server.host) or server.trusted_proxies or server.direct:
        return
    what = (
        f"host = {server.host!r} can be reached from other machines, and no proxy is in front: "
        "passwords and orders cross the network in clear."
    )
    fix = (
        'put a reverse proxy that ends TLS in front: host = "127.0.0.1" or trusted_proxies = 1 in '
        "[server]; or say that customers connect directly: direct = true"
    )
    given = table_at(source, ("server",)).get("host")
    where = (
        source.origin("server", "host")
        if given == server.host
        else Place(name="--bind", path=("server", "host"))
    )
    yield Unsafe("server.host", where, what, (Outside(fix),))


def _hosts(server: Partial[Server], source: Source) -> Iterator[Fault]:
    if not server.hosts:
        meaning = "list: names that customers reach the shop by"
        danger = "without it, requests for any name are served, and caches may keep the answers"
        fix = f'set hosts = ["shop.example"] in [server] of {source.name}'
        yield _missing(source, "hosts", meaning, danger, fix)


def _proxies(server: Partial[Server], source: Source) -> Iterator[Fault]:
    if server.trusted_proxies == 0 and "trusted_proxies" not in table_at(source, ("server",)):
        meaning = "int: proxies in front whose X-Forwarded-* are believed"
        danger = "too low: all clients share one address; too high: a client can forge its address"
        fix = (
            f"set trusted_proxies = 1 in [server] of {source.name} "
            "(0 where customers connect directly)"
        )
        yield _missing(source, "trusted_proxies", meaning, danger, fix)


def _missing(source: Source, key: str, meaning: str, danger: str, fix: str) -> Fault:
    """Return the fault of a setting that only production requires (K201)."""
    what = f"required setting {key!r} of production is missing ({meaning}).\n{danger}"
    where = replace(source.origin("server"), path=("server", key))
    return Fault("K201", where, what, (Outside(f"{fix}, or {variable_of('server', key)}"),))


def _origins(server: Partial[Server], source: Source) -> Iterator[Fault]:
    where = source.origin("server", "origins")
    for origin in server.origins:
        if origin.startswith("http:"):
            what = f"pages of {origin} in 'origins' are sent in clear: others can change them."
            yield Fault(
                "K206", where, what, (Outside(f"write {origin.replace('http:', 'https:', 1)}"),)
            )


def _sqlite(database_url: sa.URL, server: Partial[Server], source: Source) -> Iterator[Fault]:
    if database_url.get_backend_name() != "sqlite":
        return
    where = source.origin("database", "url")
    fix = f"use PostgreSQL: {variable_of('database', 'url')}=postgresql://…"
    if server.machines > 1:
        what = f"{server.machines} machines cannot share a SQLite file: each would sell alone."
        yield Fault("K312", where, what, (Outside(fix),))
    elif server.workers > 1:
        what = (
            f"{server.workers} workers write to one SQLite file: one at a time, "
            "and the others wait until their requests time out."
        )
        yield Fault("K312", where, what, (Outside(f"{fix}; or set workers = 1 in [server]"),))
    else:
        what = "SQLite allows one writer at a time, and serves one machine only."
        yield Fault(
            "K312",
            where,
            what,
            (Outside(f"{fix}; or nothing, for a small shop"),),
            severity="warning",
        )


def _open_writes(server: Partial[Server], environment: str, source: Source) -> Iterator[Unsafe]:
    if open_writes_per_minute(server, environment) == 0:
        what = "one client may register and order without a limit: it fills the shop with orders."
        fix = "write open_writes_per_minute = 60 in [server]"
        where = origin_or_default(source, *_OPEN_WRITES.split("."))
        yield Unsafe(_OPEN_WRITES, where, what, (Outside(fix),), acceptable=True)


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
            fix = f"let them share the count: {variable_of('redis', 'url')}=rediss://…"
            # That a limit is counted apart is not accepted with the limit itself.
            where = origin_or_default(source, "server", key)
            yield Unsafe(f"server.{key}", where, what, (Outside(fix),))


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
)
"""What is checked in production only."""
