"""The server of the sandbox: a process of its own, with a ledger in an SQLite file."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from mercato_payments_sandbox.server.app import make_app
from mercato_payments_sandbox.server.deliveries import Deliveries
from mercato_payments_sandbox.server.ledger import Ledger
from mercato_payments_sandbox.server.sandbox import Sandbox

__all__ = ["HOST", "Sandbox", "prepared"]

HOST = "127.0.0.1"


class _Handler(WSGIRequestHandler):
    """Handles requests without a line in the log for each."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


@contextmanager
def prepared(
    database: Path, secret: str, *, port: int = 0, webhook: str | None = None
) -> Iterator[tuple[Sandbox, BaseWSGIServer]]:
    """Prepare a sandbox on loopback, and its server, which ``serve_forever()`` runs.

    Args:
        database: The SQLite file of its ledger; made if it is absent.
        secret: What proves that a call is from the shop, and signs webhooks.
        port: The port; 0 takes a free one.
        webhook: The URL that events are posted to; without one they are only kept.
    """
    with socket.create_server((HOST, port)) as listening:
        url = f"http://{HOST}:{listening.getsockname()[1]}"
        ledger = Ledger(database, url)
        deliveries = Deliveries(ledger, secret, webhook)
        sandbox = Sandbox(url, secret, ledger, deliveries)
        server = make_server(
            HOST,
            port,
            make_app(sandbox),
            threaded=True,
            request_handler=_Handler,
            fd=listening.fileno(),
        )
        deliveries.start()
        try:
            yield sandbox, server
        finally:
            server.server_close()
            deliveries.end()
            ledger.close()
