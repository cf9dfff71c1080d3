"""The Flask app of the sandbox."""

from flask import Flask, Response

from mercato_payments_sandbox.server import admin, api, pages
from mercato_payments_sandbox.server.answers import error_of
from mercato_payments_sandbox.server.errors import Refusal
from mercato_payments_sandbox.server.sandbox import Sandbox

MOST_BYTES = 64 * 1024


def make_app(sandbox: Sandbox) -> Flask:
    """Return the app of a sandbox."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.extensions["sandbox"] = sandbox
    for module in (api, admin, pages):
        app.register_blueprint(module.blueprint)
    app.register_error_handler(Refusal, _refuse)
    app.add_url_rule("/readyz", view_func=_say_ready)
    return app


def _say_ready() -> dict[str, str]:
    """Say that the sandbox answers."""
    return {"status": "ready"}


def _refuse(refusal: Refusal) -> Response:
    answer = error_of(refusal.status, refusal.code, refusal.detail)
    return Response(answer.body, answer.status, mimetype=api.JSON)
