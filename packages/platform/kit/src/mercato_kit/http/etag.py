"""Strong ETags from versions, If-None-Match and If-Match (RFC 9110)."""

import re
from typing import Any, cast

from flask import Response, g, request

from mercato_kit.errors import PreconditionRequired, StaleVersion

_ETAG = re.compile(r'"[1-9][0-9]{0,17}"', re.ASCII)


def if_match() -> int:
    """Return the version in If-Match, on a route declared with ``if_match=True``."""
    return cast("int", g.mercato_if_match)


def read_if_match() -> None:
    """Parse If-Match; called before the body is read.

    Raises:
        PreconditionRequired: There is no If-Match, or it is ``*``.
        StaleVersion: It is not an ETag of this API, so it cannot be current.
    """
    header = request.headers.get("If-Match", "").strip()
    if header in ("", "*"):
        raise PreconditionRequired
    if not _ETAG.fullmatch(header):
        raise StaleVersion
    g.mercato_if_match = int(header.strip('"'))


def add_etag(response: Response, body: Any) -> Response:
    """Set ``ETag: "<version>"``, and turn the response into 304 if the client has this version."""
    if not isinstance(body, dict) or "version" not in body or not 200 <= response.status_code < 300:
        return response
    response.set_etag(str(body["version"]))
    return answer_304(response)


def answer_304(response: Response) -> Response:
    """Turn *response* into 304 if its ETag matches If-None-Match.

    Only for GET and HEAD: If-Match guards changes.
    """
    tag, _ = response.get_etag()
    is_known = tag is not None and request.if_none_match.contains_weak(tag)
    if is_known and request.method in ("GET", "HEAD"):
        response.status_code = 304
        response.set_data(b"")
    return response
