"""Files of pages, with an ETag."""

import hashlib
from functools import cache
from importlib.resources import files

from flask import Response, current_app

from mercato_kit.http.etag import answer_304


def asset(package: str, path: str, mimetype: str) -> Response:
    """Return a file of an installed package."""
    return tagged(read(package, path), mimetype)


@cache
def read(package: str, path: str) -> bytes:
    """Return the bytes of a file of an installed package."""
    return files(package).joinpath(path).read_bytes()


def tagged(body: bytes, mimetype: str) -> Response:
    """Return a response with *body* and an ETag, or 304 if the client has that ETag."""
    response = current_app.response_class(body, mimetype=mimetype)
    response.set_etag(hashlib.sha256(body).hexdigest())
    response.headers["Cache-Control"] = "no-cache"
    return answer_304(response)
