"""A relay to Stripe that loses answers, ``python relay.py https://api.stripe.com``: a process.

Tests reach loopback only. It prints its address. ``PUT /admin/faults`` takes ``timeout_before``
and ``timeout_after``, 0 or 1.
"""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import msgspec

PASSED = ("Authorization", "Content-Type", "Idempotency-Key", "Stripe-Version")
LOST_SECONDS = 30


class Relay(BaseHTTPRequestHandler):
    """Passes requests on."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Pass a read on."""
        self._pass_on()

    def do_POST(self):
        """Pass a request with effects on."""
        self._pass_on()

    def do_PUT(self):
        """Take faults."""
        self.server.faults = msgspec.json.decode(self._body())
        self._send(200, b"{}")

    def log_message(self, format, *args):  # noqa: A002 - the library's name
        """Log nothing."""

    def _pass_on(self):
        body, faults = self._body(), self.server.faults
        headers = {name: self.headers[name] for name in PASSED if name in self.headers}
        if not faults.get("timeout_before"):
            answer = self.server.client.request(
                self.command, f"{self.server.upstream}{self.path}", content=body, headers=headers
            )
        if faults.get("timeout_before") or faults.get("timeout_after"):
            threading.Event().wait(LOST_SECONDS)
            self.close_connection = True
            return
        self._send(answer.status_code, answer.content)

    def _body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as server, httpx2.Client() as client:
        server.faults, server.client, server.upstream = {}, client, sys.argv[1]
        print(f"http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201 - the address
        server.serve_forever()
