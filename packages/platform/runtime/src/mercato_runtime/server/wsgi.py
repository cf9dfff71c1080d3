"""The server's side of WSGI (PEP 3333): the environ of a request, and the answer of an app."""

from __future__ import annotations

import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

    from granian.rsgi import Scope

    Headers = list[tuple[str, str]]
    Answer = tuple[int, Headers, bytes]

Environ = dict[str, Any]


def make_environ(scope: Scope) -> Environ:
    """Return the environ of a request, with an empty body.

    Header names with an underscore are dropped: in the environ they would look like those with a
    hyphen, which a proxy may have checked. granian drops headers that are not ASCII.
    """
    server, server_port = _split_address(scope.server)
    client, client_port = _split_address(scope.client)
    environ: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        # PEP 3333: the bytes of the path, each as one character.
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server,
        "SERVER_PORT": server_port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": client,
        "REMOTE_PORT": client_port,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" not in name:
            _add_header(environ, name.upper().replace("-", "_"), value)
    if scope.authority:
        # RFC 9112, 3.2.2: the host of an address in the request line counts, not the header.
        environ["HTTP_HOST"] = scope.authority
    return environ


def _add_header(environ: Environ, name: str, value: str) -> None:
    key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
    if key not in environ:
        environ[key] = value
    elif key == "HTTP_COOKIE":
        environ[key] += f"; {value}"
    else:
        environ[key] += f",{value}"


def _split_address(address: str) -> tuple[str, str]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), port


def call_app(app: WSGIApplication, environ: Environ) -> Answer:
    """Return the status, the headers and the whole body that an app answers with."""
    started: list[Any] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: Headers, _exc_info: object = None
    ) -> Callable[[bytes], object]:
        started[:] = int(status[:3]), headers
        return written.append

    chunks = app(environ, start_response)
    try:
        written.extend(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    status, headers = started
    return status, headers, b"".join(written)
