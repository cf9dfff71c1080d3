"""The keys of access tokens of an app: which one signs and which ones verify, by the clock."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, cast

import sqlalchemy as sa

from mercato_kit import keys
from mercato_kit.contexts import get_app
from mercato_kit.db import utc_now
from mercato_kit.reads import Read
from mercato_kit.settings import current_settings
from mercato_users.models import StoredSigningKey
from mercato_users.settings import UsersSettings
from mercato_users.signing_keys import SigningKey, from_pems, from_seed

SEALED_FOR = "users.signing_key"

DERIVED_FOR = "users.access_token"

KEPT_SECONDS = 30.0
"""How long a process uses the keys that it has read."""

PAUSE_SECONDS = 5.0
"""The shortest time between two reads for a token of an unknown key."""

EXTENSION = "mercato_users.key_ring"
"""Where an app keeps its keys."""

_ALWAYS = datetime.min.replace(tzinfo=UTC)

NEWEST = (
    sa.select(StoredSigningKey.kid)
    .order_by(StoredSigningKey.created_at.desc(), StoredSigningKey.kid)
    .limit(1)
    .scalar_subquery()
)
"""The newest key, which a statement reads beside others before a token is signed."""

_STORED = Read(
    sa.select(
        StoredSigningKey.kid,
        StoredSigningKey.public_jwk,
        StoredSigningKey.private_sealed,
        StoredSigningKey.signs_from,
        StoredSigningKey.gone_at,
    ).order_by(StoredSigningKey.created_at.desc(), StoredSigningKey.kid)
)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A key, and the time in which it is used.

    Args:
        jwk: Its public JWK.
        private: Returns the key itself.
        signs_from: From when on it signs, until another one does.
        gone_at: When its tokens become invalid; None if that is not decided.
    """

    jwk: Mapping[str, Any]
    private: Callable[[], SigningKey]
    signs_from: datetime = _ALWAYS
    gone_at: datetime | None = None

    def is_gone(self) -> bool:
        """Return whether its tokens are invalid."""
        return self.gone_at is not None and self.gone_at <= utc_now()


class KeyRing:
    """The keys of one app, as its process read them last."""

    def __init__(self) -> None:
        self._stored: Mapping[str, Scheduled] = {}
        self._read_at = -math.inf
        self._missed_at = -math.inf

    def signing_key(self, newest: str | None) -> SigningKey:
        """Return the key that signs now.

        Args:
            newest: The newest key that is stored, see :data:`NEWEST`; None if there is none. A
                rotation at once holds from the next token on, in every process.

        Raises:
            CannotOpen: The key was sealed by a server key that is not accepted any more.
        """
        if newest != next(iter(self._stored), None) or self._is_old():
            self.read()
        now = utc_now()
        started = (one for one in self._used() if one.signs_from <= now)
        return max(started, key=lambda one: one.signs_from).private()

    def find(self, kid: str) -> Mapping[str, Any] | None:
        """Return the public JWK of a key whose tokens are valid; None if there is none."""
        if self._is_old():
            self.read()
        found = self._keys().get(kid)
        if found is None and time.monotonic() - self._missed_at >= PAUSE_SECONDS:
            self.read()
            self._missed_at = time.monotonic()
            found = self._keys().get(kid)
        return None if found is None or found.is_gone() else found.jwk

    def public_keys(self) -> list[Mapping[str, Any]]:
        """Return the public JWKs of the keys that are used, also later, as they are stored now."""
        self.read()
        return [one.jwk for one in self._used()]

    def read(self) -> None:
        """Read the keys that are stored, the newest first, unless the setting has the keys."""
        if current_settings(UsersSettings).signing_key is None:
            self._stored = {row[0]: _stored(*row) for row in _STORED.rows()}
        self._read_at = time.monotonic()

    def _is_old(self) -> bool:
        return time.monotonic() - self._read_at >= KEPT_SECONDS

    def _used(self) -> Iterator[Scheduled]:
        return (one for one in self._keys().values() if not one.is_gone())

    def _keys(self) -> Mapping[str, Scheduled]:
        """Return the keys by name: those of the setting, or stored, or derived."""
        configured = current_settings(UsersSettings).signing_key
        if configured is not None:
            return _configured(configured.reveal())
        return self._stored or _derived(keys.candidates(DERIVED_FOR))


def current_ring() -> KeyRing:
    """Return the keys of this app; apps in one process do not share them."""
    found = get_app().extensions.get(EXTENSION)
    return cast("KeyRing", found or get_app().extensions.setdefault(EXTENSION, KeyRing()))


def derived_keys() -> list[SigningKey]:
    """Return the keys that are used while none is stored, the current one first."""
    return [one.private() for one in _derived(keys.candidates(DERIVED_FOR)).values()]


def seal(key: SigningKey) -> bytes:
    """Return the private key as it is stored."""
    return keys.seal(SEALED_FOR, key.private.private_bytes_raw())


@lru_cache(maxsize=16)
def _configured(pems: str) -> Mapping[str, Scheduled]:
    return {key.kid: _given(key) for key in from_pems(pems)}


@lru_cache(maxsize=16)
def _derived(candidates: tuple[keys.Key, ...]) -> Mapping[str, Scheduled]:
    made = (from_seed(one.secret) for one in candidates)
    return {key.kid: _given(key) for key in made}


def _given(key: SigningKey) -> Scheduled:
    return Scheduled(key.jwk, lambda: key)


def _stored(
    kid: str, jwk: Mapping[str, Any], sealed: bytes, signs_from: datetime, gone_at: datetime | None
) -> Scheduled:
    return Scheduled({**jwk, "kid": kid}, partial(_open, sealed), signs_from, gone_at)


def _open(sealed: bytes) -> SigningKey:
    return from_seed(keys.open(SEALED_FOR, sealed))
