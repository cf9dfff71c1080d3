"""K206: how production connects to a database on another machine."""

import os
from collections.abc import Iterator

import sqlalchemy as sa

from mercato_composition.deployment import corrections, edits
from mercato_composition.deployment.file import Source
from mercato_composition.features.checks.unsafe import Unsafe
from mercato_kit.hosts import is_loopback

SSLMODE, LOGIN, USER = "database.sslmode", "database.url", "database.user"

ACCEPTABLE = (SSLMODE, LOGIN, USER)

_ENCRYPTED = ("require", "verify-ca", "verify-full")

_PROOFS = ("password", "sslcert", "passfile", "service")
"""Options of libpq that say how the client proves who it is."""


def safe(database_url: sa.URL, source: Source) -> Iterator[Unsafe]:
    """Check encryption, login and user of a PostgreSQL server on another machine."""
    url = database_url
    if not is_remote(url):
        return
    where, there = source.origin("database", "url"), _place(url)
    mode = _option(url, "sslmode")
    if mode not in _ENCRYPTED:
        said = f"sslmode={mode} does not enforce encryption" if mode else "sslmode is not set"
        what = f"{said}: customers' data may be sent to {there} in clear."
        fix = edits.set_value(source, ("database", "sslmode"), "require")
        yield Unsafe(SSLMODE, where, what, (fix,), acceptable=True)
    if not any(_option(url, name) for name in _PROOFS):
        what = (
            "the URL names no password, certificate, passfile or service: "
            f"if {there} lets the user in all the same, it lets every client in."
        )
        fixes = corrections.url(source, ("database", "url"), corrections.POSTGRESQL)
        yield Unsafe(LOGIN, where, what, fixes, acceptable=True)
    user = _option(url, "user")
    if user == "postgres":
        yield superuser(source, user)


def superuser(source: Source, name: str) -> Unsafe:
    """Return the finding that the database user may do everything on its server."""
    path = ("database", "url")
    what = (
        f"the database user {name!r} is a superuser: it may read every database and run programs."
    )
    what += "\nuse one that owns this database only"
    fixes = corrections.url(source, path, corrections.POSTGRESQL)
    return Unsafe(USER, source.origin(*path), what, fixes, acceptable=True)


def is_remote(url: sa.URL) -> bool:
    """Tell whether the database is a server on another machine."""
    if url.get_backend_name() != "postgresql":
        return False
    return bool(_service(url)) or any(not _is_here(host) for host in _hosts(url))


def _place(url: sa.URL) -> str:
    service = _service(url)
    return f"the service {service!r}" if service else ", ".join(_hosts(url))


def _service(url: sa.URL) -> str:
    """Return the service of libpq that names the host; empty if the URL names one itself."""
    named = url.host or url.query.keys() & {"host", "hostaddr"}
    return "" if named else _option(url, "service")


def _hosts(url: sa.URL) -> list[str]:
    """Return the hosts of a server; libpq takes several, with commas."""
    found = [_option(url, "host"), _option(url, "hostaddr")]
    return [host for text in found for host in text.split(",") if host]


def _option(url: sa.URL, name: str) -> str:
    """Return an option of libpq: that of the URL, else that of the environment (``PGHOST``)."""
    parts = {"host": url.host, "user": url.username, "password": url.password}
    asked = url.query.get(name) or parts.get(name) or os.environ.get(f"PG{name.upper()}", "")
    return asked if isinstance(asked, str) else ",".join(asked)


def _is_here(host: str) -> bool:
    # A path is the folder of a Unix socket. SQLAlchemy's option has the port behind a colon.
    return host.startswith("/") or is_loopback(host) or is_loopback(host.rpartition(":")[0])
