"""Flask's extensions: what may be shared by apps stands here, the rest is made for each app."""

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask import request
from flask_caching import Cache
from flask_limiter import ApplicationLimit
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_marshmallow import Marshmallow
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import SQLAlchemyError

from mercato_composition.deployment.model import Deployment
from mercato_kit import transactions

_log = logging.getLogger(__name__)


class Database(SQLAlchemy):
    """Flask-SQLAlchemy, for engines and sessions only. Tables belong to the features."""

    def _teardown_session(self, exc: BaseException | None) -> None:
        """Give the connection back; a database that died late must not break the answer."""
        try:
            super()._teardown_session(exc)
        except SQLAlchemyError as error:
            _log.warning("the session could not be closed: %s", type(error).__name__)


db = Database(session_options={"expire_on_commit": False})
ma = Marshmallow()
cache = Cache()


def init_app(app: Flask, deployment: Deployment) -> None:
    """Prepare *app*'s engine, schemas, cache and limiter. Opens no connection."""
    app.config["SQLALCHEMY_DATABASE_URI"] = deployment.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = transactions.engine_options(
        deployment.database_url, threads=deployment.server.threads
    )
    db.init_app(app)
    with app.app_context():
        transactions.prepare(db.engine)
    ma.init_app(app)
    cache.init_app(app, _cache_settings(deployment))
    if deployment.redis_url is not None:
        app.config["RATELIMIT_STORAGE_URI"] = deployment.redis_url.reveal()
        # While Redis is away each process counts for itself, and nobody gets an error for it.
        app.config["RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"] = True
    # Flask-Limiter keeps counters in the object, so each app has its own.
    Limiter(
        get_remote_address,
        application_limits=_limits(deployment),
        application_limits_exempt_when=_is_about_health,
    ).init_app(app)


def _limits(deployment: Deployment) -> list[str | Callable[[], str] | ApplicationLimit]:
    most = deployment.server.requests_per_minute
    return [f"{most} per minute"] if most else []


def _is_about_health() -> bool:
    """Whoever asks whether we are well is not to be turned away for asking often."""
    return request.blueprint == "health"


def _cache_settings(deployment: Deployment) -> dict[str, Any] | None:
    if deployment.redis_url is None:
        return None
    return {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": deployment.redis_url.reveal()}
