"""A process that counts what requests cost a server: ``parts.counted SHOP RESULT SERVER ROWS…``.

Each request is one call of the WSGI application. Writes the cost of each row to RESULT as JSON.
"""

import gc
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from parts.counting import OUTPUT, cost_of
from parts.requests import REQUESTS, Request
from parts.servers import application
from parts.shop import Shop

WARM = 12
"""Calls before those that are counted: drivers prepare a statement after its fifth."""
BATCH = 10 if OUTPUT in os.environ else 200


def main(file: str, result: str, server: str, *names: str) -> None:
    """Count, and write the result."""
    shop = Shop.load(file)
    app = application(server, shop)
    costs = {}
    for name in names:
        requests = [REQUESTS[name](shop, number) for number in range(WARM + BATCH)]
        calls = [_call(app, request) for request in requests]
        for call in calls[:WARM]:
            call()
        # No request pays for the garbage of those before it.
        gc.collect()
        costs[name] = cost_of(calls[WARM:])
    Path(result).write_text(json.dumps(costs))


def _call(app: Any, request: Request) -> Callable[[], bytes]:
    environ = environ_of(request)
    expected = "201" if request.method == "POST" else "200"

    def start_response(status: str, *_: object) -> None:
        if status[:3] != expected:
            raise RuntimeError(f"{request.method} {request.path}: {status}")

    def call() -> bytes:
        answer = app(environ, start_response)
        try:
            return b"".join(answer)
        finally:
            if close := getattr(answer, "close", None):
                close()

    return call


def environ_of(request: Request) -> dict[str, Any]:
    """Return the WSGI environ of a request, as a server makes it."""
    path, _, query = request.path.partition("?")
    body = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(request.body))}
    sent = {f"HTTP_{name.upper().replace('-', '_')}": it for name, it in request.headers.items()}
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_ACCEPT": "application/json",
        **(body if request.body else {}),
        **sent,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
