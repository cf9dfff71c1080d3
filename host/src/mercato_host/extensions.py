"""Flask extensions of the app. Add others here in a copy of this host: Sentry, Babel, …"""

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request
from flask_limiter import HeaderNames, Limiter
from flask_marshmallow import Marshmallow
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import SQLAlchemyError

from mercato_composition.deployment.model import Deployment
from mercato_kit import transactions
from mercato_kit.composition import current_composition
from mercato_kit.errors import TooManyRequests
from mercato_kit.http.addresses import counted_as
from mercato_kit.http.routes import SAFE_METHODS

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


def init_app(app: Flask, deployment: Deployment) -> None:
    """Install the extensions on *app*. Opens no connection."""
    db.init_app(app)
    with app.app_context():
        transactions.prepare(db.engine)
    ma.init_app(app)
    if deployment.server.requests_per_minute or deployment.open_writes_per_minute:
        _limit(app, deployment)


def _limit(app: Flask, deployment: Deployment) -> None:
    """Limit requests as the deployment says."""
    limit, writes = deployment.server.requests_per_minute, deployment.open_writes_per_minute
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
    # Flask-Limiter's hooks cost as much as the rest of a request, also where they do nothing.
    is_exempt = _is_health if limit else _needs_account_or_reads
    # Flask calls the hook that is added last first.
    app.after_request(_unless(is_exempt, _say_when_to_retry))
    limiter.init_app(app)
    for hooks in (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs):
        hooks[None].append(_unless(is_exempt, hooks[None].pop()))


def _unless(is_exempt: Callable[[], bool], hook: Callable[..., Any]) -> Callable[..., Any]:
    """Return a hook that is *hook* for requests which a limit is for."""

    def call(*arguments: Any) -> Any:
        # A hook after the request returns the response, which is its only argument.
        return next(iter(arguments), None) if is_exempt() else hook(*arguments)

    return call


def _say_when_to_retry(response: Response) -> Response:
    """Set Retry-After if the limiter refused the request. Other refusals set their own."""
    wait = response.headers.pop(_WAIT, None)
    if wait is not None and response.status_code == TooManyRequests.status:
        response.headers.setdefault("Retry-After", wait)
    return response


def _client() -> str:
    """Return what the requests of a client are counted by."""
    return counted_as(request.remote_addr)


def _is_health() -> bool:
    """Exempt the health endpoints, which monitors request often."""
    return request.blueprint == "health"


def _needs_account_or_reads() -> bool:
    """Exempt what is not registering, ordering and the like."""
    if request.method in SAFE_METHODS:
        return True
    return request.endpoint not in current_composition().open_endpoints
