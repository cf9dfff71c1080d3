"""Pages for browsers, and the same as JSON for other clients: Jinja, one style sheet, no script."""

from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, jsonify, render_template, request

from mercato_kit.http.etag import answer_304
from mercato_runtime.health import current_plan

POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
"""The content security policy of every page."""


def answer(
    template: str,
    document: Mapping[str, Any],
    *,
    cache: str,
    **values: Any,
) -> Response:
    """Return *document* as a page for browsers, else as JSON.

    Args:
        template: The template of the page; it has the members of the document as ``page``.
        document: JSON values.
        cache: The value of Cache-Control.
        **values: What the template needs besides.
    """
    response = show(template, page=document, **values) if prefers_html() else jsonify(document)
    response.headers["Cache-Control"] = cache
    response.vary.add("Accept")
    if "no-store" in cache:
        return response
    response.add_etag()
    return answer_304(response)


def prefers_html() -> bool:
    """Tell whether the client would rather have HTML than JSON; with ``*/*`` it has JSON."""
    kinds = ["application/json", "text/html"]
    return request.accept_mimetypes.best_match(kinds) == "text/html"


def show(template: str, **values: Any) -> Response:
    """Return the page of a template."""
    response = current_app.response_class(write(template, **values), mimetype="text/html")
    response.headers["Content-Security-Policy"] = POLICY
    return response


def write(template: str, **values: Any) -> str:
    """Return the text of a page."""
    is_open = current_plan().deployment.environment == "development"
    title = current_app.config["API_TITLE"]
    return render_template(f"mercato/{template}", title=title, is_open=is_open, **values)
