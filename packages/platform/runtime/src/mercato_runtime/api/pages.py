"""``/openapi.json``, and ``/docs``, a page that shows it. Both work offline."""

import json
from functools import cached_property
from threading import Lock
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, render_template, request

from mercato_composition.features.plan import Plan
from mercato_kit.errors import NotFound
from mercato_runtime.api import Api
from mercato_runtime.api.document import build_document
from mercato_runtime.pages.assets import asset, tagged

blueprint = Blueprint("docs", __name__)

_PAGE_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)

# The file name in the URL; the package and path of the file; its media type.
_ASSETS = {
    "init.js": ("mercato_runtime.api", "init.js", "text/javascript"),
    "page.css": ("mercato_runtime.api", "page.css", "text/css"),
    "swagger-ui-bundle.js": ("flask_swagger_ui", "dist/swagger-ui-bundle.js", "text/javascript"),
    "swagger-ui.css": ("flask_swagger_ui", "dist/swagger-ui.css", "text/css"),
}


class Document:
    """The API document of one app, built at the first request for it."""

    def __init__(self, api: Api, plan: Plan) -> None:
        self._api = api
        self._features, self._answers = plan.features, plan.answers
        self._url = plan.deployment.server.url
        self._lock = Lock()
        self._written: bytes | None = None

    @cached_property
    def content(self) -> dict[str, Any]:
        """The document as JSON values."""
        content: dict[str, Any] = json.loads(self._write())
        return content

    def read(self, root: str) -> bytes:
        """Return the document as JSON; the same features give the same bytes.

        Its server is the URL that the deployment names, or else the root of this request.

        Args:
            root: The prefix of all URLs that a proxy in front adds; empty without one.
        """
        servers = json.dumps([{"url": self._url or root or "/"}])
        return b'{"servers": %b,%b' % (servers.encode(), self._write()[1:])

    def _write(self) -> bytes:
        with self._lock:
            if self._written is None:
                document = build_document(self._api, self._features, self._answers)
                text = json.dumps(document, sort_keys=True, ensure_ascii=False, indent=1)
                self._written = text.encode()
            return self._written


def init_app(app: Flask, api: Api, plan: Plan) -> None:
    """Add ``/openapi.json`` and ``/docs`` to *app*."""
    app.extensions["mercato_document"] = Document(api, plan)
    app.register_blueprint(blueprint)


def current_document() -> dict[str, Any]:
    """Return the API document of the current app, as JSON values."""
    return cast("Document", current_app.extensions["mercato_document"]).content


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Return the API document."""
    document = cast("Document", current_app.extensions["mercato_document"])
    return tagged(document.read(request.root_path), "application/json")


@blueprint.get("/docs/")
@blueprint.get("/docs")
def page() -> Response:
    """Return the page that shows the API document."""
    text = render_template("mercato/docs.html", title=current_app.config["API_TITLE"])
    response = tagged(text.encode(), "text/html")
    response.headers["Content-Security-Policy"] = _PAGE_POLICY
    return response


@blueprint.get("/docs/<name>")
def file(name: str) -> Response:
    """Return a file that the page needs."""
    if name not in _ASSETS:
        raise NotFound
    return asset(*_ASSETS[name])
