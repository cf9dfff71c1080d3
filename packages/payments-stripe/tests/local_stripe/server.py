"""The server: a process of its own, or a thread of a test."""

import socket
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from . import admin, api, intents, refunds
from .errors import ApiError
from .events import Deliveries
from .keys import Keys
from .ledger import Ledger

HOST = "127.0.0.1"
KEY, PUBLISHABLE_KEY = "sk_test_local", "pk_test_local"
WEBHOOK_SECRET = "whsec_local"

VERBS = {
    "decide": intents.decide,
    "dispute": intents.dispute,
    "lapse": intents.lapse,
    "succeed": refunds.succeed,
    "fail": refunds.fail,
}
"""What tasks do."""


@dataclass(frozen=True)
class LocalStripe:
    """A local Stripe.

    Args:
        url: Its address.
        ledger: Its data.
        keys: The idempotency keys.
        deliveries: Posts its events.
    """

    url: str
    ledger: Ledger
    keys: Keys
    deliveries: Deliveries


class Handler(WSGIRequestHandler):
    """Keeps connections open, and logs nothing."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code="-", size="-"):
        """Log nothing."""


@contextmanager
def prepared(database, *, port=0, webhook=None):
    """Prepare a local Stripe, and its server, which ``serve_forever()`` runs.

    Args:
        database: An SQLite file; made if it is absent.
        port: The port; 0 takes a free one.
        webhook: The URL that events are posted to; without one they are only kept.
    """
    with socket.create_server((HOST, port)) as listening:
        url = f"http://{HOST}:{listening.getsockname()[1]}"
        ledger = Ledger(database, VERBS)
        deliveries = Deliveries(ledger, WEBHOOK_SECRET, webhook)
        made = LocalStripe(url, ledger, Keys(ledger), deliveries)
        server = make_server(
            HOST,
            port,
            make_app(made),
            threaded=True,
            request_handler=Handler,
            fd=listening.fileno(),
        )
        server.daemon_threads = True
        deliveries.start()
        try:
            yield made, server
        finally:
            server.server_close()
            deliveries.end()
            ledger.close()


def make_app(made):
    """Return the app of a local Stripe."""
    app = Flask(__name__)
    app.extensions["stripe"] = made
    app.register_blueprint(api.blueprint)
    app.register_blueprint(admin.blueprint)
    app.register_error_handler(ApiError, lambda error: (error.body, error.status))
    app.add_url_rule("/readyz", view_func=lambda: {"status": "ready"})
    return app
