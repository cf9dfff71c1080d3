"""K205, K206: weak, public and reused secrets of a production deployment."""

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qs, unquote, urlsplit

import sqlalchemy as sa

from mercato_composition.deployment.file import variable_of
from mercato_composition.deployment.model import Deployment
from mercato_composition.deployment.sections import read_section, secret_names, stands_in_file
from mercato_composition.deployment.tables import index_url
from mercato_composition.faults import Fault, Outside
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.checks.unsafe import Unsafe
from mercato_kit.hosts import is_loopback
from mercato_kit.settings import Secret

KNOWN_PASSWORDS = frozenset(
    "admin changeme mercato mysecretpassword password postgres redis root secret test".split()
)

_MIN_DISTINCT_CHARACTERS = 10
"""The fewest different characters of a secret key. A random key of 32 has about 20."""

_KNOWN_WORDS = re.compile(
    "|".join(
        "changeme change default demo development dummy example insecure key mercato password "
        "please postgres production random replace root sample secret server shop string super "
        "test testing this token value your".split()
    ),
    re.IGNORECASE,
)
"""Words of keys that were written by hand; longer ones before those that they start with."""

_MOST_KNOWN = 0.6
"""The part of a secret key that may consist of known words."""

_REDIS = "redis.url"

ACCEPTABLE = (_REDIS,)

Path = tuple[str, ...]


def safe(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Fault]:
    """Check the secrets of a production deployment."""
    yield from _simple_key(deployment)
    yield from _passwords(deployment)
    yield from _known(features, deployment)
    yield from _used_twice(features, deployment)


def redis(deployment: Deployment) -> Iterator[Unsafe]:
    """Check that a Redis server on another machine asks for a password, and over TLS."""
    text = deployment.redis_url.reveal() if deployment.redis_url else ""
    url, options = urlsplit(text), _options(text)
    host = url.hostname or options.get("host")
    if not host or is_loopback(host):
        return
    where = deployment.source.origin("redis", "url")
    fix = f"set {variable_of('redis', 'url')}=rediss://:…@{host}"
    has_certificate = url.scheme == "rediss" and "ssl_certfile" in options
    if not _redis_login(text)[1] and not has_certificate:
        what = f"Redis at {host} has no password: any client can clear the limits."
        yield Unsafe(_REDIS, where, what, (Outside(f"set a password there, and {fix}"),))
    elif url.scheme == "redis":
        what = f"the password of Redis is sent to {host} in clear."
        yield Unsafe(_REDIS, where, what, (Outside(fix),), acceptable=True)


def _simple_key(deployment: Deployment) -> Iterator[Fault]:
    if weakness := _weakness(deployment.secret_key.reveal()):
        what = f"'secret_key' can be guessed: {weakness}."
        make = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        where = deployment.source.origin("secret_key")
        yield Fault("K206", where, what, (Outside(f"make one: {make}"),))


def _weakness(key: str) -> str | None:
    """Return why a secret key is not random; None if it may be."""
    if len(set(key)) < _MIN_DISTINCT_CHARACTERS:
        return f"fewer than {_MIN_DISTINCT_CHARACTERS} different characters"
    if any(key[size:] == key[:-size] for size in range(1, len(key) // 2 + 1)):
        return "it repeats one block"
    if sum(map(len, _KNOWN_WORDS.findall(key))) >= _MOST_KNOWN * len(key):
        return "it consists of known words"
    return None


def _passwords(deployment: Deployment) -> Iterator[Fault]:
    for path, (user, password) in _logins(deployment).items():
        where = deployment.source.origin(*path)
        variable = variable_of(*path)
        key = f"'{path[-1]}' in [{path[0]}]"
        if password and stands_in_file(deployment.source, *path):
            what = f"{key} contains a password in the deployment file."
            fix = f"remove it; set {variable}, or {variable}_FILE to the path of a file"
            yield Fault("K205", where, what, (Outside(fix),))
        if password.lower() in KNOWN_PASSWORDS or (password and password == user):
            what = f"the password in {key} is a well-known one."
            yield Fault("K205", where, what, (Outside(f"choose another, and set {variable}"),))


def _known(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Fault]:
    """Report secrets of features that are well-known words."""
    for path, secret in _of_features(features, deployment).items():
        if secret.lower() in KNOWN_PASSWORDS:
            what = f"{'.'.join(path)} is a well-known one."
            fix = f"choose another, and set {variable_of(*path)}"
            yield Fault("K205", deployment.source.origin(*path), what, (Outside(fix),))


def _used_twice(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Fault]:
    """Report secrets with two purposes: a leak of one is a leak of the other."""
    owners: dict[str, Path] = {deployment.secret_key.reveal(): ("secret_key",)}
    found = {path: password for path, (_, password) in _logins(deployment).items()}
    found |= _of_features(features, deployment)
    for path, secret in found.items():
        first = owners.setdefault(secret, path) if secret else path
        if first != path:
            what = f"{'.'.join(path)} and {'.'.join(first)} have the same value."
            fix = f"use another value: {variable_of(*path)}"
            yield Fault("K206", deployment.source.origin(*path), what, (Outside(fix),))


def _of_features(features: Sequence[Candidate], deployment: Deployment) -> dict[Path, str]:
    """Return the secrets in the settings of features, by their path."""
    found: dict[Path, str] = {}
    for feature in features:
        kind = feature.manifest.settings
        if kind is None:
            continue
        table = ("features", feature.name, "settings")
        # Mistakes in it are reported where the settings are read.
        section, _ = read_section(kind, deployment.source, table)
        for name in secret_names(kind):
            value = getattr(section, name, None)
            if isinstance(value, Secret):
                found[(*table, name)] = value.reveal()
    return found


def _logins(deployment: Deployment) -> Mapping[Path, tuple[str, str]]:
    """Return user and password of each URL that may have them."""
    logins: dict[Path, tuple[str, str]] = {("database", "url"): _login(deployment.database_url)}
    if deployment.redis_url is not None:
        logins["redis", "url"] = _redis_login(deployment.redis_url.reveal())
    index = index_url(deployment.source)[0]
    if index is not None:
        logins["index", "url"] = _login_in(index)
    return logins


def _redis_login(url: str) -> tuple[str, str]:
    """Return user and password as the package ``redis`` reads them: also from the query."""
    options, (user, password) = _options(url), _login_in(url)
    return user or options.get("username", ""), password or options.get("password", "")


def _login_in(url: str) -> tuple[str, str]:
    """Return the decoded user and password before the host of a URL."""
    parts = urlsplit(url)
    return unquote(parts.username or ""), unquote(parts.password or "")


def _options(url: str) -> dict[str, str]:
    """Return the options in the query of a URL of Redis, decoded twice as ``redis`` does."""
    return {name: unquote(values[0]) for name, values in parse_qs(urlsplit(url).query).items()}


def _login(url: sa.URL) -> tuple[str, str]:
    asked = url.query.get("password", "")
    return url.username or "", str(url.password or asked)
