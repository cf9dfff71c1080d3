"""Read requests: strict JSON, and all validation errors with pointers."""

import json
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import copy, deepcopy
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request
from webargs import core
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import ClientDisconnected
from werkzeug.http import parse_set_header

from mercato_kit.contexts import get_request
from mercato_kit.errors import FieldError, Invalid, MalformedRequest, UnsupportedMediaType
from mercato_kit.http.pagination import LONGEST_CURSOR, ListQuerySchema, PageRequest
from mercato_kit.schemas.messages import Message

MAX_DEPTH = 32
MAX_DIGITS = 40
MAX_MEMBERS = 500
"""Members of one object, and names in one query string."""
_KEPT_BODY = "mercato_json"
"""The attribute of a request that has its body."""
_QUERIES_KEPT = 500
_LONGEST_KEPT = 200
"""Query strings whose values are kept, and the bytes of the longest one."""
_CURSOR = re.compile(rb"(?<![^&])cursor=([\w.-]{1,%d})(?![^&])" % LONGEST_CURSOR)
"""The parameter of a query string that is another one on each page of a list."""
_MUTABLE = (list, dict, set)
_REPEATED = Message("Sent more than once.", "repeated")


class BodyParser(FlaskParser):
    """A webargs parser that refuses unknown query parameters and raises problems."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - the name webargs reads
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": ma.RAISE,
        "querystring": ma.RAISE,
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept = lru_cache(maxsize=_QUERIES_KEPT)(self._load)

    def parse(self, argmap: Any, *args: Any, location: str | None = None, **options: Any) -> Any:
        """Load arguments; a query string that was loaded before gives the same values."""
        text, cursor = _text_of(argmap, location)
        if text is None:
            return super().parse(argmap, *args, location=location, **options)
        values = _apart(self._kept(argmap, location, text))
        if cursor is None:
            return values
        # A hook of the schema may have made something else of the page.
        if not (isinstance(values, dict) and isinstance(values.get("page"), PageRequest)):
            return super().parse(argmap, *args, location=location, **options)
        return {**values, "page": replace(values["page"], cursor=cursor)}

    def _load(self, argmap: Any, location: str, _text: bytes) -> Any:
        return super().parse(argmap, location=location)

    def get_default_request(self) -> Request:
        """Return the request that is read."""
        return get_request()

    def _raw_load_json(self, req: Request) -> Any:
        return read_json(req)

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """Refuse too many parameters, and a repeated one that takes a single value."""
        check_query(req)
        proxy = super().load_querystring(req, schema)
        repeated = {name for name, values in req.args.lists() if len(values) > 1}
        if mistakes := repeated - proxy.multiple_keys:
            raise ma.ValidationError({name: [_REPEATED] for name in sorted(mistakes)})
        return proxy

    def handle_error(
        self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_kwargs: Any
    ) -> NoReturn:
        """Raise a problem with all validation errors and their pointers."""
        messages = error.messages_dict
        raise Invalid(errors=list(field_errors(messages))) from error


def _text_of(argmap: Any, location: str | None) -> tuple[bytes | None, str | None]:
    """Return the text that decides what is loaded, without the value of a cursor, and that value.

    The text is None if the values are not kept. Headers may be secrets: only their absence counts.
    """
    if location == "query":
        text, cursor = _without_cursor(argmap, get_request().query_string)
        keeps = len(text) <= _LONGEST_KEPT and (cursor is not None or b"cursor" not in text)
        return (text if keeps and _names_of(argmap) is not None else None), cursor
    if location == "headers":
        names = _names_of(argmap)
        return (b"" if names is not None and not _are_sent(names) else None), None
    return None, None


def _without_cursor(argmap: Any, text: bytes) -> tuple[bytes, str | None]:
    """Return the query string of a list without its cursor, and the cursor."""
    found = _CURSOR.findall(text) if b"cursor=" in text and _is_list(argmap) else ()
    if len(found) != 1:
        return text, None
    # No query string that is sent has a space, so the text differs from one without a cursor.
    return _CURSOR.sub(b"cursor ", text), found[0].decode()


@cache
def _is_list(argmap: Any) -> bool:
    return issubclass(argmap if isinstance(argmap, type) else type(argmap), ListQuerySchema)


def _are_sent(names: Iterable[str]) -> bool:
    """Return whether the request has one of these headers."""
    environ = get_request().environ
    # WSGI's name of a header: asking werkzeug for one that is missing raises and catches an error.
    return any(f"HTTP_{name.upper().replace('-', '_')}" in environ for name in names)


def _apart(values: Any) -> Any:
    """Return *values* for a view, which may change them and their lists."""
    if not isinstance(values, dict):
        return deepcopy(values)
    return {name: copy(it) if isinstance(it, _MUTABLE) else it for name, it in values.items()}


@cache
def _names_of(argmap: Any) -> tuple[str, ...] | None:
    """Return the names of a schema's fields; None if a default is made anew each time."""
    fields = (argmap() if isinstance(argmap, type) else argmap).fields
    if any(callable(field.load_default) for field in fields.values()):
        return None
    return tuple(field.data_key or name for name, field in fields.items())


def read_json(req: Request) -> Any:
    """Return the JSON body of *req*, which is read once, or ``webargs.missing`` if there is none.

    A byte order mark before the JSON is ignored, as RFC 8259 allows.

    Raises:
        UnsupportedMediaType: The content type of the body is not JSON, or the body is compressed.
        MalformedRequest: The body is incomplete, is not JSON, has a duplicate key, is nested deeper
            than 32, or has an object of more than 500 members or a number of more than 40
            characters.
    """
    kept = vars(req)
    if _KEPT_BODY not in kept:
        kept[_KEPT_BODY] = _read_json(req)
    return kept[_KEPT_BODY]


def _read_json(req: Request) -> Any:
    data, mimetype = read_whole(req), req.mimetype
    if "HTTP_CONTENT_ENCODING" in req.environ and _codings(req) - {"identity"}:
        detail = "Send the body without Content-Encoding."
        raise UnsupportedMediaType(detail, headers={"Accept-Encoding": "identity"})
    if mimetype and not core.is_json(mimetype):
        raise UnsupportedMediaType
    if not data:
        return core.missing
    if not mimetype:
        raise UnsupportedMediaType
    try:
        value = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_without_duplicates,
            parse_int=_short_int,
            parse_float=_short_float,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        raise MalformedRequest("The body is not valid JSON.") from error
    # A text with few brackets is not deep.
    if data.count(b"{") + data.count(b"[") >= MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise MalformedRequest(f"The body is nested deeper than {MAX_DEPTH} levels.")
    return value


def check_query(req: Request) -> None:
    """Refuse a query string with more names than any route has.

    Raises:
        MalformedRequest: It has more than 500.
    """
    if len(req.args) > MAX_MEMBERS:
        raise MalformedRequest(f"The query has more than {MAX_MEMBERS} parameters.")


def refuse_query(request: Request, accepted: Collection[str] = ()) -> None:
    """Refuse query parameters that a route does not have, so that a misspelt one is not ignored.

    Raises:
        Invalid: There is a parameter that is not one of *accepted*.
        MalformedRequest: The query has more than 500 names.
    """
    if not request.query_string:
        return
    check_query(request)
    errors = [
        FieldError(f"/{escape_pointer(name)}", "unknown_field", "Unknown field.")
        for name in request.args
        if name not in accepted
    ]
    if errors:
        raise Invalid(errors=errors)


def read_whole(req: Request) -> bytes:
    """Return the body of *req* as bytes.

    Raises:
        MalformedRequest: The body is shorter than announced.
    """
    try:
        data = req.get_data(cache=True)
    except ClientDisconnected as error:
        raise MalformedRequest("The body is incomplete.") from error
    # Servers end a broken chunked body silently. Truncated JSON fails to parse; only an empty body
    # must be distinguished from no body.
    chunked = "chunked" in req.environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    announced = 1 if chunked else req.content_length or 0
    if len(data) < announced:
        raise MalformedRequest("The body is incomplete.")
    return data


def read_bytes() -> bytes:
    """Return the body of the current request as it was sent, for a route with ``body_bytes``."""
    return read_whole(get_request())


def _codings(req: Request) -> set[str]:
    return set(parse_set_header(req.environ.get("HTTP_CONTENT_ENCODING", "").lower()))


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Before the schema: marshmallow needs quadratic time to report unknown members.
    if len(pairs) > MAX_MEMBERS:
        raise ValueError("too many members")
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate key")
    return members


def _short_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("number too long")
    return int(digits)


def _short_float(digits: str) -> float:
    value = float(digits) if len(digits) <= MAX_DIGITS else math.inf
    if math.isinf(value):
        raise ValueError("number too long")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level:
        depth += 1
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return depth


def field_errors(messages: Mapping[Any, Any]) -> Iterator[FieldError]:
    """Yield field errors from marshmallow's nested messages; the outermost key is the location."""
    for inner in messages.values():
        yield from _walk("", inner)


def _walk(pointer: str, messages: Any) -> Iterator[FieldError]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            if key == "_schema":
                yield from _walk(pointer, inner)
            else:
                yield from _walk(f"{pointer}/{escape_pointer(key)}", inner)
        return
    for message in messages if isinstance(messages, list) else [messages]:
        yield FieldError(pointer, getattr(message, "code", "invalid"), str(message))


def escape_pointer(key: Any) -> str:
    """Return *key* as a reference token of a JSON pointer (RFC 6901)."""
    # A lone surrogate in the name of a field could not be encoded in the response.
    text = str(key).encode("utf-8", "replace").decode("utf-8")
    return text.replace("~", "~0").replace("/", "~1")
