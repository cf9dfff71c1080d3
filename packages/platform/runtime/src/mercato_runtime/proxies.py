"""What proxies in front say of a request: the client's address, scheme, host and prefix."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from mercato_kit.http.addresses import clean_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

    from mercato_composition.deployment.model import Server

_HEADERS = tuple(f"HTTP_X_FORWARDED_{name}" for name in ("FOR", "PROTO", "HOST", "PREFIX"))

# A path that stands in links as it is.
_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", re.ASCII)


def init_app(app: Flask, server: Server) -> None:
    """Let *app* see a request as the client sent it to the outermost trusted proxy."""
    app.wsgi_app = _cleaning(app.wsgi_app)  # type: ignore[assignment, method-assign]
    if number := server.trusted_proxies:
        # Only this many proxies: with one more, a client could forge its own address.
        fix = ProxyFix(app.wsgi_app, x_for=number, x_proto=number, x_host=number, x_prefix=number)
        app.wsgi_app = _trusting(fix, number)  # type: ignore[assignment, method-assign]


def _trusting(app: WSGIApplication, number: int) -> WSGIApplication:
    """Leave only what the last *number* proxies said: each of them appends one value.

    Quotes are removed. In a list they would hide commas, so a client could hide what is behind.
    """

    def trust(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        for header in _HEADERS:
            if said := environ.get(header):
                environ[header] = ",".join(said.replace('"', "").split(",")[-number:])
        return app(environ, start_response)

    return trust


def _cleaning(app: WSGIApplication) -> WSGIApplication:
    """Clean what proxies said, so that everything behind reads one address for each client."""

    def clean(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # What the connection itself says counts where a proxy said nothing that can be read.
        connection = environ.get("werkzeug.proxy_fix.orig", environ)
        address = clean_address(environ.get("REMOTE_ADDR") or "")
        environ["REMOTE_ADDR"] = address or clean_address(connection.get("REMOTE_ADDR") or "") or ""
        prefix = environ.get("SCRIPT_NAME", "").rstrip("/")
        is_path = _PREFIX.fullmatch(prefix)
        environ["SCRIPT_NAME"] = prefix if is_path else connection.get("SCRIPT_NAME") or ""
        return app(environ, start_response)

    return clean
