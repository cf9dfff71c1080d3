"""Reads the tables of the deployment file that need more than their types."""

from collections.abc import Iterable
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from msgspec import Meta
from msgspec import field

from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import FeatureChoice
from mercato_composition.deployment.sections import read_section
from mercato_composition.deployment.sections import table_at
from mercato_composition.faults import Fault
from mercato_kit.schemas import is_text
from mercato_kit.settings import Secret
from mercato_kit.settings import Settings

_DRIVERS = ("psycopg", "pysqlite")

_DRIVERS_TOLD = "psycopg for PostgreSQL, Python's own for SQLite"


class Database(Settings, frozen=True):
    """``[database]``."""

    # A URL holds a password, so it is never shown.
    url: Annotated[
        Secret, Meta(description="postgresql://… or sqlite:///file, relative to where it is run")
    ] = Secret("sqlite:///mercato.db")
    sql_guard: Annotated[
        bool | None, Meta(description="refuse SQL on another feature's tables")
    ] = None


class Redis(Settings, frozen=True):
    """``[redis]``."""

    url: Annotated[
        Secret | None, Meta(description="where processes share rate limits and cache")
    ] = None


class Index(Settings, frozen=True):
    """``[index]``."""

    # A URL may hold a password, so it is never shown.
    url: Annotated[
        Secret | None, Meta(description="the one index that packages are from, a URL")
    ] = None


class Choice(Settings, frozen=True):
    """``[features.NAME]``."""

    package: Annotated[
        str | None, Meta(description="the wheel that brings it; default mercato-NAME")
    ] = None
    required: Annotated[bool, Meta(description="false: start without it if it does not fit")] = True
    mount: Annotated[
        str,
        Meta(
            pattern=r"^((/[a-z0-9][a-z0-9._-]*)+)?$",
            description="what all its addresses start with, like /shop",
        ),
    ] = ""
    editable: Annotated[
        bool, Meta(description="true: production may run it from a folder of sources")
    ] = False
    settings: dict[str, Any] = field(default_factory=dict)


def database_url(source: Source) -> tuple[sa.URL | None, list[Fault]]:
    """Read ``[database]``: a URL with a driver that is there, and an absolute path for SQLite."""
    section, faults = read_section(Database, source, ("database",))
    if section is None:
        return None, faults
    where = source.origin("database", "url")
    try:
        url = _usable(section.url.reveal())
    except (sa.exc.ArgumentError, ModuleNotFoundError, ValueError) as error:
        # What the error says may repeat a part of the password.
        what = f"'url' is no database URL that this host can use ({type(error).__name__})."
        return None, [Fault("K202", where, what, "write postgresql://… or sqlite:///file.db")]
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        what = f"the database {url.get_backend_name()!r} is not one that this host knows."
        return None, [Fault("K202", where, what, "use postgresql://… or sqlite:///file.db")]
    if url.get_driver_name() not in _DRIVERS:
        driver = url.get_driver_name()
        what = f"the driver {driver!r} is not one that this host speaks through: {_DRIVERS_TOLD}."
        return None, [Fault("K207", where, what, f"write {url.get_backend_name()}://…")]
    if url.get_backend_name() == "sqlite":
        if url.database in (None, "", ":memory:"):
            what = "a SQLite database in memory is a new one for each connection."
            return None, [Fault("K202", where, what, "name a file: sqlite:///file.db")]
        # Relative to the working directory, as everywhere else; Flask-SQLAlchemy would say
        # relative to Flask's instance folder.
        url = url.set(database=str(Path(str(url.database)).absolute()))
    return url, []


def _usable(text: str) -> sa.URL:
    """Parse a database URL whole: port, driver and options are refused here, or never.

    Raises:
        ValueError: A port or an option is no number, or there is a NUL or half a character.
        sqlalchemy.exc.ArgumentError: It is no URL, or of no database known.
    """
    url = sa.make_url(text)
    dialect = url.get_dialect()
    if dialect.driver in _DRIVERS:
        dialect().create_connect_args(url)
    if not is_text(text) or "plugin" in url.query:
        raise ValueError("not to be connected to")
    if url.port is not None and not 0 < url.port < 65536:
        raise ValueError("no such port")
    return url


def sql_guard(source: Source, *, default: bool) -> bool:
    """Read whether ``[database]`` asks for the SQL guard."""
    # Its mistakes are reported with the URL.
    section, _ = read_section(Database, source, ("database",))
    return default if section is None or section.sql_guard is None else section.sql_guard


def redis_url(source: Source) -> tuple[Secret | None, list[Fault]]:
    """Read ``[redis]``."""
    section, faults = read_section(Redis, source, ("redis",))
    if section is None or section.url is None:
        return None, faults
    if find_spec("redis") is None:
        what = "'url' is set, and the package 'redis' is not installed."
        return None, [
            Fault("K207", source.origin("redis", "url"), what, "pip install 'mercato-host[redis]'")
        ]
    return section.url, []


def index_url(source: Source) -> tuple[str | None, list[Fault]]:
    """Read ``[index]``: the one index that packages are from; None for the installer's own."""
    section, faults = read_section(Index, source, ("index",))
    if section is None or section.url is None:
        return None, faults
    if not is_safe_url(section.url.reveal()):
        what = "'url' is no address of an index."
        fix = "write https://…; plain http is for this machine alone"
        return None, [Fault("K202", source.origin("index", "url"), what, fix)]
    return section.url.reveal(), []


def is_safe_url(url: str) -> bool:
    """Tell whether packages may be fetched from *url*: nobody on the way may change them."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        place = urlsplit(url)
    except ValueError:
        return False
    if not place.hostname:
        return False
    return place.scheme == "https" or (place.scheme == "http" and is_loopback(place.hostname))


def is_loopback(host: str) -> bool:
    """Tell whether *host* is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def choices(source: Source, names: Iterable[str]) -> tuple[dict[str, FeatureChoice], list[Fault]]:
    """Read ``[features.NAME]`` of each name. A feature's own settings are read when it is known."""
    chosen: dict[str, FeatureChoice] = {}
    faults: list[Fault] = []
    for name in names:
        path = ("features", name)
        choice, mistakes = read_section(Choice, source, path)
        faults += mistakes
        if choice is not None:
            chosen[name] = FeatureChoice(
                name=name,
                package=choice.package,
                required=choice.required,
                settings=table_at(source, (*path, "settings")),
                origins={
                    key: source.origin(*path, "settings", key)
                    for key in table_at(source, (*path, "settings"))
                },
                where=source.origin(*path),
                mount=choice.mount,
                editable=choice.editable,
            )
    return chosen, faults
