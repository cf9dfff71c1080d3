"""One log for everything: JSON lines in production, readable ones elsewhere, on standard error."""

import logging

from flask import Request, Response, g

from mercato_composition.deployment.model import Deployment
from mercato_kit.identity import known_principal
from mercato_kit.security import log as security_log
from mercato_runtime import measures
from mercato_runtime.app import App
from mercato_runtime.logs import refusals
from mercato_runtime.logs.formats import Formatter

_log = logging.getLogger("mercato.requests")


def init_app(app: App, deployment: Deployment) -> None:
    """Log the requests of *app* and what it refuses; after all other hooks."""
    configure(deployment)
    app.after_hooks += [refusals.log_refusal, _log_request]


def configure(deployment: Deployment) -> None:
    """Set the process's logging up; does nothing if the program has done so itself."""
    root = logging.getLogger()
    if root.handlers:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter(as_json=deployment.environment == "production"))
    root.addHandler(handler)
    root.setLevel(deployment.log_level)
    # It says what it loads and connects to.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # The security log is complete at every level.
    security_log.setLevel(logging.INFO)


def _log_request(request: Request, response: Response) -> None:
    if not _log.isEnabledFor(logging.INFO):
        return
    measure = measures.current()
    facts = {
        "request_id": g.get("request_id"),
        "method": measures.method(request),
        "route": measures.route(request),
        "status": response.status_code,
        "ms": round(measure.seconds * 1000, 1),
        "statements": measure.statements,
        "principal_id": known_principal().sub,
    }
    _log.info("request", extra={"facts": facts})
