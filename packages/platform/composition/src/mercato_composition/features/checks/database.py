"""K206: how production connects to a database on another machine."""

from collections.abc import Iterator

import sqlalchemy as sa

from mercato_composition.deployment.file import variable_of
from mercato_composition.deployment.model import Deployment
from mercato_composition.features.checks.unsafe import Unsafe
from mercato_kit.hosts import is_loopback

SSLMODE, LOGIN, USER = "database.sslmode", "database.url", "database.user"

ACCEPTABLE = (SSLMODE, LOGIN, USER)

_ENCRYPTED = ("require", "verify-ca", "verify-full")

_PROOFS = ("password", "sslcert", "passfile", "service")
"""Options of libpq that say how the client proves who it is."""


def safe(deployment: Deployment) -> Iterator[Unsafe]:
    """Check encryption, login and user of a PostgreSQL server on another machine."""
    url = deployment.database_url
    if not is_remote(url):
        return
    where, there = deployment.source.origin("database", "url"), ", ".join(_hosts(url))
    mode = url.query.get("sslmode")
    if mode not in _ENCRYPTED:
        said = f"sslmode={mode} does not enforce encryption" if mode else "sslmode is not set"
        what = f"{said}: customers' data may be sent to {there} in clear."
        fix = (
            'write sslmode = "require" in [database], or "verify-full" with sslrootcert in the URL'
        )
        yield Unsafe(SSLMODE, where, what, fix, acceptable=True)
    if not url.password and not any(name in url.query for name in _PROOFS):
        what = f"{there} lets the user in without a password, and so every other client."
        fix = f"set a password there, and {variable_of('database', 'url')}_FILE to a file's path"
        yield Unsafe(LOGIN, where, what, fix, acceptable=True)
    if url.username == "postgres":
        yield superuser(where, url.username)


def superuser(where: str, name: str) -> Unsafe:
    """Return the finding that the database user may do everything on its server."""
    what = (
        f"the database user {name!r} is a superuser: it may read every database and run programs."
    )
    fix = f"create a user that owns this database only: {variable_of('database', 'url')}"
    return Unsafe(USER, where, what, fix, acceptable=True)


def is_remote(url: sa.URL) -> bool:
    """Tell whether the database is a server on another machine."""
    return url.get_backend_name() == "postgresql" and any(
        not _is_here(host) for host in _hosts(url)
    )


def _hosts(url: sa.URL) -> list[str]:
    """Return the hosts of a URL; libpq also takes several, as options."""
    found = [url.host or ""]
    for option in ("host", "hostaddr"):
        asked = url.query.get(option, ())
        found += [asked] if isinstance(asked, str) else asked
    return [host for text in found for host in text.split(",") if host]


def _is_here(host: str) -> bool:
    # A path is the folder of a Unix socket. SQLAlchemy's option has the port behind a colon.
    return host.startswith("/") or is_loopback(host) or is_loopback(host.rpartition(":")[0])
