"""Read the tables of the deployment file whose values need more checks than their types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, field

from mercato_composition.deployment import corrections, edits
from mercato_composition.deployment.file import Source, named, value_at
from mercato_composition.deployment.lock import LOCK_AND_INSTALL
from mercato_composition.deployment.model import Choice, FeatureChoice
from mercato_composition.deployment.partial import Hole, Partial
from mercato_composition.deployment.sections import read_section
from mercato_composition.deployment.urls import is_redis_url, split_url
from mercato_composition.faults import Fault, Fix
from mercato_kit.hosts import is_loopback
from mercato_kit.settings import Secret, Settings
from mercato_kit.text import is_text

if TYPE_CHECKING:
    import sqlalchemy as sa

_DRIVERS = ("psycopg", "pysqlite")

SHORTEST_REASON = 10
"""Minimum length of a reason in ``[accept]``, in characters."""

_DRIVER_NAMES = "psycopg for PostgreSQL, Python's own for SQLite"


class Root(Settings, frozen=True):
    """The top of the file."""

    environment: Annotated[str, Meta(description="development, testing or production")] = (
        "production"
    )
    secret_key: Annotated[Secret | None, Meta(description="all keys are derived from it")] = None
    secret_key_previous: Annotated[
        Secret | None,
        Meta(description="the key before the last change, accepted for a while"),
    ] = None
    secret_key_previous_until: Annotated[
        date | None,
        Meta(
            description="the last day (UTC) on which the previous key is accepted; at most 30 "
            "days ahead in production"
        ),
    ] = None
    database: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    # That each feature is a table is checked by `choices`.
    features: dict[str, Any] = field(default_factory=dict)
    capabilities: dict[str, str | list[str]] = field(default_factory=dict)
    decorators: dict[str, str | list[str]] = field(default_factory=dict)
    # That these are tables is checked by `remotes`.
    remote: dict[str, Any] = field(default_factory=dict)
    redis: dict[str, Any] = field(default_factory=dict)
    index: dict[str, Any] = field(default_factory=dict)
    logging: dict[str, Any] = field(default_factory=dict)
    deploy: dict[str, Any] = field(default_factory=dict)
    # That each reason is a text is checked by `accepted`.
    accept: dict[str, Any] = field(default_factory=dict)


class Database(Settings, frozen=True):
    """``[database]``."""

    # The URL contains a password, so it is never shown.
    url: Annotated[
        Secret,
        Meta(description="postgresql://… or sqlite:///file, relative to the working directory"),
    ] = Secret("sqlite:///mercato.db")
    sql_guard: Annotated[
        bool | None, Meta(description="refuse SQL on another feature's tables")
    ] = None
    sslmode: Annotated[
        Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] | None,
        Meta(description="encryption of the connection to PostgreSQL; replaces that in the URL"),
    ] = None


class Redis(Settings, frozen=True):
    """``[redis]``."""

    url: Annotated[
        Secret | None,
        Meta(description="Redis server that shares rate limits and public lists between processes"),
    ] = None


class Index(Settings, frozen=True):
    """``[index]``."""

    # The URL may contain a password, so it is never shown.
    url: Annotated[
        Secret | None, Meta(description="URL of the only index to install packages from")
    ] = None


class Logging(Settings, frozen=True):
    """``[logging]``."""

    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        Meta(description="the least level that is logged; the security log is always complete"),
    ] = "INFO"


class Deploy(Settings, frozen=True):
    """``[deploy]``: what ``mercato deploy`` and ``mercato rollback`` do at their end."""

    restart: Annotated[
        list[str],
        Meta(
            description="the command that restarts server and worker, word by word: "
            '["systemctl", "restart", "mercato"]'
        ),
    ] = field(default_factory=list)


def database_url(source: Source, section: Partial[Database]) -> tuple[sa.URL | Hole, list[Fault]]:
    """Read the URL in ``[database]``. Its driver is supported; a SQLite path is absolute."""
    # Commands that only lock and install read no URL of a database.
    import sqlalchemy as sa  # noqa: PLC0415

    given, where = section.values["url"], source.origin("database", "url")
    if isinstance(given, Hole):
        return given, []
    try:
        url = _usable(given.reveal())
    except (sa.exc.ArgumentError, ModuleNotFoundError, ValueError):
        # The error's message may contain a part of the password.
        what = "'url' is not a URL of a database: postgresql://user:password@host/name"
        what += " or sqlite:///file. In user and password, % : / @ and # are written %25 %3A %2F"
        what += " %40 and %23."
        return _refused(Fault("K202", where, what, _database_fixes(source)))
    backend, driver = url.get_backend_name(), url.get_driver_name()
    if backend not in ("sqlite", "postgresql"):
        what = f"the database {backend!r} is not supported. Databases: postgresql, sqlite."
        return _refused(Fault("K202", where, what, _database_fixes(source)))
    if driver not in _DRIVERS:
        what = f"the driver {driver!r} is not supported. Drivers: {_DRIVER_NAMES}."
        return _refused(Fault("K207", where, what, _database_fixes(source)))
    if backend == "sqlite":
        if url.database in (None, "", ":memory:"):
            what = "each connection would get a new SQLite database in memory."
            return _refused(Fault("K202", where, what, _database_fixes(source)[:1]))
        # Relative to the working directory, like every other path. Flask-SQLAlchemy would resolve
        # it relative to Flask's instance folder.
        return url.set(database=str(Path(str(url.database)).absolute())), []
    sslmode = section.values["sslmode"]
    if isinstance(sslmode, Hole):
        return sslmode, []
    return (url if sslmode is None else url.update_query_dict({"sslmode": sslmode})), []


def _database_fixes(source: Source) -> tuple[Fix, ...]:
    path = ("database", "url")
    sqlite = edits.set_value(source, path, "sqlite:///mercato.db", "choice")
    return (sqlite, *corrections.url(source, path, corrections.POSTGRESQL))


def _refused(fault: Fault) -> tuple[Hole, list[Fault]]:
    """Return a hole in place of the value that a fault is about, and the fault."""
    return Hole(fault.place.key, (fault.key,)), [fault]


def _usable(text: str) -> sa.URL:
    """Parse a database URL completely, with port, driver and options.

    Raises:
        ValueError: The port or an option is invalid, or the text has a NUL or a lone surrogate.
        sqlalchemy.exc.ArgumentError: It is not a URL, or the database is unknown.
        ModuleNotFoundError: The driver is not installed.
    """
    import sqlalchemy as sa  # noqa: PLC0415

    # As libpq takes it.
    text = re.sub("^postgres:", "postgresql:", text)
    url = sa.make_url(text)
    dialect = url.get_dialect()
    if dialect.driver in _DRIVERS:
        dialect().create_connect_args(url)
    if not is_text(text) or "plugin" in url.query:
        raise ValueError("not a URL that can be connected to")
    if url.port is not None and not 0 < url.port < 65536:
        raise ValueError("not a port")
    return url


def redis_url(source: Source) -> tuple[Secret | Hole | None, list[Fault]]:
    """Read the URL in ``[redis]``, if there is one."""
    section, faults = read_section(Redis, source, ("redis",))
    url, where = section.values["url"], source.origin("redis", "url")
    if url is None or isinstance(url, Hole):
        return url, faults
    if find_spec("redis") is None:
        what = "'url' is set, but the package 'redis' is not installed."
        # The lock has it where the file names a Redis server.
        without = edits.remove(source, ("redis", "url"), "choice")
        locked = replace(LOCK_AND_INSTALL, certainty="choice")
        hole, refused = _refused(Fault("K207", where, what, (locked, without)))
        return hole, [*faults, *refused]
    if not is_redis_url(url.reveal()):
        what = "'url' is not a Redis URL that can be used here."
        path = ("redis", "url")
        removed = edits.remove(source, path, "choice")
        fixes = (removed, *corrections.url(source, path, corrections.REDIS))
        hole, refused = _refused(Fault("K202", where, what, fixes))
        return hole, [*faults, *refused]
    return url, faults


def index_url(source: Source) -> tuple[str | Hole | None, list[Fault]]:
    """Read the URL in ``[index]``: the only index to use; None for the installer's default."""
    section, faults = read_section(Index, source, ("index",))
    url = section.values["url"]
    if url is None or isinstance(url, Hole):
        return url, faults
    if not is_safe_url(url.reveal()):
        what = "'url' is not a safe URL of an index."
        what += " It starts with https://, or with http:// on this machine."
        path = ("index", "url")
        removed = edits.remove(source, path, "choice")
        fixes = (removed, *corrections.url(source, path, "https://<host>/simple/"))
        hole, refused = _refused(Fault("K202", source.origin(*path), what, fixes))
        return hole, [*faults, *refused]
    return url.reveal(), faults


def log_level(source: Source) -> tuple[str | Hole, list[Fault]]:
    """Read the level in ``[logging]``."""
    section, faults = read_section(Logging, source, ("logging",))
    return section.values["level"], faults


def deploy(source: Source) -> tuple[Deploy, list[Fault]]:
    """Read ``[deploy]``."""
    section, faults = read_section(Deploy, source, ("deploy",))
    deploy, path = section.settings or Deploy(), ("deploy", "restart")
    if len(deploy.restart) == 1 and " " in deploy.restart[0]:
        what = "the command in 'restart' is one word with blanks; it is a list of words."
        fix = edits.set_value(source, path, deploy.restart[0].split())
        faults.append(Fault("K202", source.shown(*path), what, (fix,)))
    return deploy, faults


def is_safe_url(url: str) -> bool:
    """Tell whether packages may be downloaded from *url*: over https, or from this machine."""
    place = split_url(url)
    if place is None or not place.hostname:
        return False
    return place.scheme == "https" or (place.scheme == "http" and is_loopback(place.hostname or ""))


def accepted(source: Source, reasons: Mapping[str, Any]) -> Iterator[Fault]:
    """Check that each reason in ``[accept]`` says something."""
    for rule, reason in reasons.items():
        where = source.key("accept", rule)
        if isinstance(reason, Mapping):
            what = f"{rule!r} in [accept] is a table; TOML reads a dot in a name without quotes so."
            quoted = f"{rule}.{next(iter(reason), '…')}"
            fix = edits.quote(source, ("accept", rule), quoted)
            yield Fault("K202", where, what, (fix,))
        elif not isinstance(reason, str):
            what = f"the reason of {rule!r} is not a text."
            yield Fault("K202", where, what, (_reason(source, rule),))
        elif len(reason.strip()) < SHORTEST_REASON:
            what = f"the reason of {rule!r} has fewer than {SHORTEST_REASON} characters."
            yield Fault("K202", where, what, (_reason(source, rule),))


def _reason(source: Source, rule: str) -> Fix:
    return edits.set_value(source, ("accept", rule), "<why this deployment may do it>", "fill")


def choices(source: Source) -> tuple[dict[str, FeatureChoice], list[Fault]]:
    """Read ``[features.NAME]`` of each name. A feature's settings are read after it is loaded."""
    chosen: dict[str, FeatureChoice] = {}
    faults: list[Fault] = []
    for name in named(source):
        path = ("features", name)
        section, mistakes = read_section(Choice, source, path)
        faults += mistakes
        said = value_at(source.values, path)
        if said is not None and not isinstance(said, Mapping):
            what = f"{name!r} in [features] is a value, and not the table of a feature."
            fix = edits.table_for_value(source, path)
            faults.append(Fault("K202", source.origin(*path), what, (fix,), feature=name))
        unknown = {key: hole for key, hole in section.values.items() if isinstance(hole, Hole)}
        members = {key: value for key, value in section.values.items() if key not in unknown}
        place = source.shown(*path)
        chosen[name] = FeatureChoice(name=name, place=place, unknown=unknown, **members)
    return chosen, faults
