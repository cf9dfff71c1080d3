"""Flask extensions of the app. Add others here in a copy of this host: Sentry, Babel, …"""

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response
from flask_limiter import HeaderNames, Limiter
from flask_marshmallow import Marshmallow
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import SQLAlchemyError

from mercato_composition.deployment.model import Deployment
from mercato_kit import transactions
from mercato_kit.composition import current_composition
from mercato_kit.contexts import get_request
from mercato_kit.errors import TooManyRequests
from mercato_kit.http.addresses import counted_as
from mercato_kit.http.routes import SAFE_METHODS
from mercato_runtime.app import App

_log = logging.getLogger(__name__)

_WAIT = "X-RateLimit-Retry-After"
"""The header in which Flask-Limiter hands over Retry-After. It sets it on every response."""


class Database(SQLAlchemy):
    """Flask-SQLAlchemy, for engines and sessions only. Tables belong to the features."""

    def _teardown_session(self, exc: BaseException | None) -> None:
        """Return the connection to the pool. A lost database must not break the response."""
        # Most answers, such as refusals, need no session.
        if not self.session.registry.has():
            return
        try:
            super()._teardown_session(exc)
        except SQLAlchemyError as error:
            _log.warning("the session could not be closed: %s", type(error).__name__)


db = Database(session_options={"expire_on_commit": False})
ma = Marshmallow()


def init_app(app: Flask) -> None:
    """Install the extensions on *app*. Opens no connection."""
    db.init_app(app)
    with app.app_context():
        transactions.prepare(db.engine)
    ma.init_app(app)


def limit_requests(app: App, deployment: Deployment) -> None:
    """Limit requests as the deployment says; after the platform's hooks, which name a request."""
    limit, writes = deployment.server.requests_per_minute, deployment.open_writes_per_minute
    if not limit and not writes:
        return
    # Flask-Limiter keeps its counters in the object, so each app needs a separate one.
    limiter = Limiter(
        _client,
        application_limits=[f"{limit} per minute"] if limit else [],
        application_limits_exempt_when=_is_health,
        # Each route has a counter of its own.
        default_limits=[f"{writes} per minute"] if writes else [],
        default_limits_exempt_when=_needs_account_or_reads,
        header_name_mapping={HeaderNames.RETRY_AFTER: _WAIT},
    )
    limiter.init_app(app)
    # Its hooks cost as much as the rest of a request, also where they do nothing. So they are
    # called for the requests that a limit is for. What the last one drops ends with the request.
    check, show = _take(app.before_request_funcs), _take(app.after_request_funcs)
    _take(app.teardown_request_funcs)
    is_exempt = _is_health if limit else _needs_account_or_reads

    def before(_: Request) -> None:
        if not is_exempt():
            check()

    def after(_: Request, response: Response) -> None:
        if not is_exempt():
            show(response)
            _say_when_to_retry(response)

    app.before_hooks.append(before)
    app.after_hooks.append(after)


def _take(hooks: dict[str | None, list[Any]]) -> Callable[..., Any]:
    """Remove the hook that was added last, and return it."""
    hook: Callable[..., Any] = hooks[None].pop()
    if not hooks[None]:
        del hooks[None]
    return hook


def _say_when_to_retry(response: Response) -> None:
    """Set Retry-After if the limiter refused the request. Other refusals set their own."""
    wait = response.headers.pop(_WAIT, None)
    if wait is not None and response.status_code == TooManyRequests.status:
        response.headers.setdefault("Retry-After", wait)


def _client() -> str:
    """Return what the requests of a client are counted by."""
    return counted_as(get_request().remote_addr)


def _is_health() -> bool:
    """Exempt the health endpoints, which monitors request often."""
    return get_request().blueprint == "health"


def _needs_account_or_reads() -> bool:
    """Exempt what is not registering, ordering and the like."""
    request = get_request()
    if request.method in SAFE_METHODS:
        return True
    return request.endpoint not in current_composition().open_endpoints
