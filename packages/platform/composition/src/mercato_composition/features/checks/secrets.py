"""K205, K206: weak, public and reused secrets of a production deployment."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

import sqlalchemy as sa

from mercato_composition.deployment.file import variable_of
from mercato_composition.deployment.model import Deployment
from mercato_composition.deployment.sections import secret_names, table_at
from mercato_composition.deployment.tables import index_url, is_loopback
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate

KNOWN_PASSWORDS = frozenset(
    "admin changeme mercato mysecretpassword password postgres redis root secret test".split()
)

_MIN_DISTINCT_CHARACTERS = 10
"""The fewest different characters of a secret key. A random key of 32 has about 20."""

Path = tuple[str, ...]


def safe(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Fault]:
    """Check the secrets of a production deployment."""
    yield from _simple_key(deployment)
    yield from _passwords(deployment)
    yield from _open_redis(deployment)
    yield from _used_twice(features, deployment)


def _simple_key(deployment: Deployment) -> Iterator[Fault]:
    if len(set(deployment.secret_key.reveal())) < _MIN_DISTINCT_CHARACTERS:
        least = _MIN_DISTINCT_CHARACTERS
        what = f"'secret_key' can be guessed: fewer than {least} different characters."
        make = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        where = deployment.source.origin("secret_key")
        yield Fault("K206", where, what, f"make one: {make}")


def _passwords(deployment: Deployment) -> Iterator[Fault]:
    for path, (user, password) in _logins(deployment).items():
        where = deployment.source.origin(*path)
        variable = variable_of(*path)
        key = f"'{path[-1]}' in [{path[0]}]"
        if password and _stands_in_file(path, deployment):
            what = f"{key} contains a password in the deployment file."
            fix = f"remove it; set {variable}, or {variable}_FILE to the path of a file"
            yield Fault("K205", where, what, fix)
        if password.lower() in KNOWN_PASSWORDS or (password and password == user):
            what = f"the password in {key} is a well-known one."
            yield Fault("K205", where, what, f"choose another, and set {variable}")


def _stands_in_file(path: Path, deployment: Deployment) -> bool:
    """Tell a value of the file from one of a variable, or of a file of its own."""
    source = deployment.source
    return path[-1] in table_at(source, path[:-1]) and not source.in_environment(*path)


def _open_redis(deployment: Deployment) -> Iterator[Fault]:
    if deployment.redis_url is None:
        return
    url = urlsplit(deployment.redis_url.reveal())
    if url.hostname and not url.password and not is_loopback(url.hostname):
        what = f"Redis at {url.hostname} has no password: any client can clear the limits."
        where = deployment.source.origin("redis", "url")
        fix = f"set a password there, and {variable_of('redis', 'url')}=rediss://:…@{url.hostname}"
        yield Fault("K206", where, what, fix)


def _used_twice(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Fault]:
    """Report secrets with two purposes: a leak of one is a leak of the other."""
    owners: dict[str, Path] = {deployment.secret_key.reveal(): ("secret_key",)}
    found = {path: password for path, (_, password) in _logins(deployment).items()}
    for feature in features:
        table = ("features", feature.name, "settings")
        values = table_at(deployment.source, table)
        if feature.manifest.settings is not None:
            names = secret_names(feature.manifest.settings)
            found |= {(*table, name): str(values[name]) for name in names if name in values}
    for path, secret in found.items():
        first = owners.setdefault(secret, path) if secret else path
        if first != path:
            what = f"{'.'.join(path)} and {'.'.join(first)} have the same value."
            fix = f"use another value: {variable_of(*path)}"
            yield Fault("K206", deployment.source.origin(*path), what, fix)


def _logins(deployment: Deployment) -> Mapping[Path, tuple[str, str]]:
    """Return user and password of each URL that may have them."""
    logins: dict[Path, tuple[str, str]] = {("database", "url"): _login(deployment.database_url)}
    if deployment.redis_url is not None:
        url = urlsplit(deployment.redis_url.reveal())
        logins["redis", "url"] = (url.username or "", url.password or "")
    index = index_url(deployment.source)[0]
    if index is not None:
        parts = urlsplit(index)
        logins["index", "url"] = (parts.username or "", parts.password or "")
    return logins


def _login(url: sa.URL) -> tuple[str, str]:
    asked = url.query.get("password", "")
    return url.username or "", str(url.password or asked)
