"""ETags from versions, If-None-Match and If-Match (RFC 9110).

If-Match names versions of a resource, not bytes of a response. So a weak ETag is accepted, unlike
in RFC 9110: proxies that compress responses make ``W/"1"`` or ``"1-gzip"`` of ``"1"``.
"""

import re
from collections.abc import Container
from typing import Any, cast

from flask import Response, g, request
from werkzeug.http import quote_etag

from mercato_kit.contexts import get_request
from mercato_kit.errors import PreconditionRequired, StaleVersion

_ETAG = re.compile(r'(?:W/)?"([1-9][0-9]{0,17})(?:-(?:br|gzip|zstd))?"', re.ASCII)


class _AnyVersion:
    """The versions that ``If-Match: *`` names: all."""

    def __contains__(self, version: object) -> bool:
        return True


def if_match() -> Container[int]:
    """Return the versions that If-Match names, on a route declared with ``if_match=True``."""
    return cast("Container[int]", g.mercato_if_match)


def read_if_match() -> None:
    """Parse If-Match; called before the body is read.

    Raises:
        PreconditionRequired: There is no If-Match.
        StaleVersion: It has no ETag of this API, so none can be current.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionRequired
    g.mercato_if_match = _AnyVersion() if header == "*" else _versions(header)


def _versions(header: str) -> frozenset[int]:
    tags = [_ETAG.fullmatch(part.strip(" \t")) for part in header.split(",")]
    versions = frozenset(int(tag[1]) for tag in tags if tag)
    if not versions:
        raise StaleVersion
    return versions


def add_etag(response: Response, body: Any) -> Response:
    """Set ``ETag: "<version>"``, and turn the response into 304 if the client has this version."""
    if not isinstance(body, dict) or "version" not in body or not 200 <= response.status_code < 300:
        return response
    response.headers["ETag"] = quote_etag(str(body["version"]))
    return answer_304(response)


def answer_304(response: Response) -> Response:
    """Turn *response* into 304 if its ETag matches If-None-Match.

    Only for GET and HEAD: If-Match guards changes.
    """
    request = get_request()
    if "HTTP_IF_NONE_MATCH" not in request.environ:
        return response
    tag, _ = response.get_etag()
    is_known = tag is not None and request.if_none_match.contains_weak(tag)
    if is_known and request.method in ("GET", "HEAD"):
        response.status_code = 304
        response.set_data(b"")
    return response
