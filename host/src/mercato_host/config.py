"""Flask's configuration: a class for each environment, and settings from the deployment."""

from collections.abc import Mapping
from typing import Any

from mercato_composition.deployment.model import Deployment
from mercato_kit import transactions

REDIS_OPTIONS: Mapping[str, float] = {"socket_connect_timeout": 1, "socket_timeout": 1}
"""Seconds that a request waits for a Redis server that does not answer."""


class Config:
    """Settings that are the same in every environment."""

    # In bytes; a larger request body is refused before it is parsed.
    MAX_CONTENT_LENGTH = 64 * 1024
    # Errors become problem documents, in tests as well.
    PROPAGATE_EXCEPTIONS = False
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_SAMESITE = "Lax"
    API_TITLE = "Mercato"
    API_VERSION = "v1"
    OPENAPI_VERSION = "3.1.0"
    API_SPEC_OPTIONS: Mapping[str, Any] = {
        "info": {
            "description": "The API of a shop. Amounts are in minor units of their currency; times "
            "are in UTC; problems are documents of RFC 9457, with a stable `code`.",
            "license": {"name": "MIT", "identifier": "MIT"},
        }
    }
    RATELIMIT_HEADERS_ENABLED = True
    RATELIMIT_STORAGE_URI = "memory://"


class DevelopmentConfig(Config):
    """For development: cookies are sent over plain HTTP."""

    SESSION_COOKIE_SECURE = False


class TestingConfig(Config):
    """For tests."""

    TESTING = True


class ProductionConfig(Config):
    """For production: the defaults."""


ENVIRONMENTS: Mapping[str, type[Config]] = {
    "development": DevelopmentConfig,
    "testing": TestingConfig,
    "production": ProductionConfig,
}


def settings_of(deployment: Deployment) -> dict[str, Any]:
    """Return the Flask settings that depend on the deployment."""
    url = deployment.database_url
    settings: dict[str, Any] = {
        "SECRET_KEY": deployment.secret_key.reveal(),
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": transactions.engine_options(
            url, threads=deployment.server.threads
        ),
    }
    if (previous := deployment.secret_key_previous) is not None:
        settings["SECRET_KEY_PREVIOUS"] = previous.secret.reveal()
        settings["SECRET_KEY_PREVIOUS_UNTIL"] = previous.until
    if deployment.redis_url is not None:
        redis = deployment.redis_url.reveal()
        settings |= {
            "RATELIMIT_STORAGE_URI": redis,
            "RATELIMIT_STORAGE_OPTIONS": dict(REDIS_OPTIONS),
            # If Redis does not answer, each process counts for itself, and no request fails.
            "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
            # Flask-Limiter falls back at the first error, and raises one of another thread.
            "RATELIMIT_SWALLOW_ERRORS": True,
        }
    return settings
