"""Where answers are kept: in the process, or in Redis for all processes."""

import logging
import time
from collections.abc import Mapping
from typing import Any, cast

import msgspec
from cachelib.serializers import BaseSerializer
from flask import Flask
from flask_caching import Cache

from mercato_kit import keys
from mercato_runtime.answers import Kept

REDIS_OPTIONS: Mapping[str, float] = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
"""Seconds that a request waits for a Redis server that does not answer."""

PAUSE_SECONDS = 5.0
"""For how long Redis is not asked after it did not answer."""

_log = logging.getLogger(__name__)


class Serializer(BaseSerializer):
    """Writes answers as MessagePack. Pickle would run what another program wrote into Redis."""

    _decoder = msgspec.msgpack.Decoder(Kept)

    def dumps(self, value: Any, protocol: int = 0) -> bytes:
        """Write an answer."""
        return msgspec.msgpack.encode(value)

    def loads(self, bvalue: bytes | None) -> Kept | None:
        """Read an answer; None if there is none, or anything else."""
        try:
            return None if bvalue is None else self._decoder.decode(bvalue)
        except msgspec.MsgspecError:
            return None


class Shelf:
    """Keeps answers with a backend of Flask-Caching, by default in the process.

    Args:
        app: The app that they are answers of.
        config: Settings of Flask-Caching.
    """

    def __init__(self, app: Flask, **config: Any) -> None:
        cache = Cache(with_jinja2_ext=False)
        cache.init_app(app, {"CACHE_TYPE": "SimpleCache", "CACHE_SERIALIZER": Serializer} | config)
        self._backend = app.extensions["cache"][cache]

    def get(self, key: str) -> Kept | None:
        """Return the answer under *key*, if there is one."""
        return cast("Kept | None", self._backend.get(key))

    def keep(self, key: str, kept: Kept, seconds: int) -> None:
        """Keep an answer for some seconds."""
        self._backend.set(key, kept, seconds)


class RedisShelf(Shelf):
    """Keeps answers in Redis, for all processes of a deployment.

    While Redis does not answer, nothing is kept, and no request fails.

    Args:
        app: The app that they are answers of.
        url: The URL of Redis.
    """

    def __init__(self, app: Flask, url: str) -> None:
        # Only a deployment with Redis has the package.
        from redis import RedisError  # noqa: PLC0415

        # Several deployments may share a Redis, and a client chooses the host of a key.
        with app.app_context():
            deployment = keys.derive("runtime.answers").secret.hex()[:16]
        super().__init__(
            app,
            CACHE_TYPE="RedisCache",
            CACHE_KEY_PREFIX=f"mercato:answer:{deployment}:",
            CACHE_OPTIONS=dict(REDIS_OPTIONS),
            CACHE_REDIS_URL=url,
        )
        self._failure = RedisError
        self._away_until = 0.0

    def get(self, key: str) -> Kept | None:
        """Return the answer under *key*; None also while Redis does not answer."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return super().get(key)
        except self._failure as error:
            self._note(error)
            return None

    def keep(self, key: str, kept: Kept, seconds: int) -> None:
        """Keep an answer for some seconds, unless Redis does not answer."""
        if time.monotonic() < self._away_until:
            return
        try:
            super().keep(key, kept, seconds)
        except self._failure as error:
            self._note(error)

    def _note(self, error: Exception) -> None:
        self._away_until = time.monotonic() + PAUSE_SECONDS
        _log.warning("answers are not kept: Redis does not answer: %s", type(error).__name__)
