"""K205, K206: weak, public and reused secrets of a production deployment."""

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qs, unquote, urlsplit

import sqlalchemy as sa

from mercato_composition.deployment import corrections
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import PreviousKey
from mercato_composition.deployment.partial import Hole, Partial
from mercato_composition.deployment.sections import secret_names, stands_in_file
from mercato_composition.deployment.statements import ValuePath
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.checks.unsafe import Unsafe
from mercato_kit.hosts import is_loopback
from mercato_kit.settings import Secret, Settings

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
"""The part of a secret key's letters and digits that may belong to known words."""

_REDIS = "redis.url"

ACCEPTABLE = (_REDIS,)

Logins = Mapping[ValuePath, tuple[str, str]]
"""User and password of the URLs of servers, by the path of the URL."""


def _redis(redis_url: Secret | None, source: Source) -> Iterator[Unsafe]:
    """Check that a Redis server on another machine asks for a password, and over TLS."""
    text = redis_url.reveal() if redis_url else ""
    url, options = urlsplit(text), _options(text)
    host = url.hostname or options.get("host")
    if not host or is_loopback(host):
        return
    where = source.origin("redis", "url")
    fixes = corrections.url(source, ("redis", "url"), corrections.REDIS)
    has_certificate = url.scheme == "rediss" and "ssl_certfile" in options
    if not _redis_login(text)[1] and not has_certificate:
        what = f"Redis at {host} has no password: any client can clear the limits."
        yield Unsafe(_REDIS, where, what, fixes)
    elif url.scheme == "redis":
        what = f"the password of Redis is sent to {host} in clear."
        yield Unsafe(_REDIS, where, what, fixes, acceptable=True)


def _simple_key(secret_key: Secret, source: Source) -> Iterator[Fault]:
    if weakness := _weakness(secret_key.reveal()):
        what = f"'secret_key' can be guessed: {weakness}."
        fixes = corrections.new_key(source)
        yield Fault("K206", source.origin("secret_key"), what, fixes)


def _weakness(key: str) -> str | None:
    """Return why a secret key is not random; None if it may be."""
    if len(set(key)) < _MIN_DISTINCT_CHARACTERS:
        return f"fewer than {_MIN_DISTINCT_CHARACTERS} different characters"
    if any(key[size:] == key[:-size] for size in range(1, len(key) // 2 + 1)):
        return "it repeats one block"
    known = sum(map(len, _KNOWN_WORDS.findall(key)))
    if known and known >= _MOST_KNOWN * len(re.sub(r"[\W_]", "", key)):
        return "it consists of known words"
    return None


def _passwords(logins: Logins, source: Source) -> Iterator[Fault]:
    for path, (user, password) in logins.items():
        where = source.origin(*path)
        key = f"'{path[-1]}' in [{path[0]}]"
        if password and stands_in_file(source, *path):
            what = f"{key} contains a password in the deployment file."
            yield Fault("K205", where, what, corrections.moved(source, path))
        if password.lower() in KNOWN_PASSWORDS or (password and password == user):
            what = f"the password in {key} is a well-known one."
            fixes = corrections.url(source, path, f"<{path[0]} URL with another password>")
            yield Fault("K205", where, what, fixes, mark="known")


def _known(secrets_of_features: Mapping[ValuePath, str], source: Source) -> Iterator[Fault]:
    """Report secrets of features that are well-known words."""
    for path, secret in secrets_of_features.items():
        if secret.lower() in KNOWN_PASSWORDS:
            what = f"{'.'.join(path)} is a well-known one."
            yield Fault("K205", source.origin(*path), what, corrections.secret(path))


def _used_twice(
    secret_key: Secret | Hole,
    secret_key_previous: PreviousKey | Hole | None,
    logins: Logins,
    secrets_of_features: Mapping[ValuePath, str],
    source: Source,
) -> Iterator[Fault]:
    """Report secrets with two purposes: a leak of one is a leak of the other."""
    owners: dict[str, ValuePath] = {}
    if not isinstance(secret_key, Hole):
        owners[secret_key.reveal()] = ("secret_key",)
    found = {path: password for path, (_, password) in logins.items()}
    if isinstance(secret_key_previous, PreviousKey):
        found["secret_key_previous",] = secret_key_previous.secret.reveal()
    found |= secrets_of_features
    for path, secret in found.items():
        first = owners.setdefault(secret, path) if secret else path
        if first != path:
            what = f"{'.'.join(path)} and {'.'.join(first)} have the same value."
            yield Fault("K206", source.origin(*path), what, corrections.secret(path))


def secrets_of_features(
    features: Sequence[Candidate], settings: Mapping[str, Partial[Settings]]
) -> Mapping[ValuePath, str]:
    """Return the known secrets in the settings of features, by their path."""
    return {
        ("features", feature.name, "settings", name): value.reveal()
        for feature in features
        for name in secret_names(feature.manifest.settings or Settings)
        if isinstance(value := settings[feature.name].values[name], Secret)
    }


def logins(
    database_url: sa.URL | Hole, redis_url: Secret | Hole | None, index_url: str | Hole | None
) -> Logins:
    """Return user and password of each known URL that may have them."""
    found: dict[ValuePath, tuple[str, str]] = {}
    if isinstance(database_url, sa.URL):
        found["database", "url"] = _login(database_url)
    if isinstance(redis_url, Secret):
        found["redis", "url"] = _redis_login(redis_url.reveal())
    if isinstance(index_url, str):
        found["index", "url"] = _login_in(index_url)
    return found


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


RULES = (_redis, _simple_key, _passwords, _known, _used_twice)
