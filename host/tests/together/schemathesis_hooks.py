"""What schemathesis sends, without what JSON Schema allows and fields refuse.

Fields of text refuse some characters, integers are not written 1.0, times have years that columns
can hold, and each request has a key of its own.
"""

import re
import unicodedata
from typing import Any
from uuid import uuid4

import schemathesis

_REFUSED = {"Cc", "Cf", "Cn", "Co", "Cs", "Mc", "Me", "Mn", "Zl", "Zp"}
KEY = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~:/-]{16,255}")
TIME = "2026-01-02T03:04:05.678Z"
TIME_NAMES = re.compile(r"\w+_at\[")
TIMES = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def valid(value: Any) -> bool:
    """Return whether a value is a time (RFC 3339)."""
    return isinstance(value, str) and TIMES.fullmatch(value) is not None


def plain(part: Any) -> Any:
    """Replace control characters, marks and unassigned ones, and fractions of 0."""
    if isinstance(part, float) and part.is_integer():
        return int(part)
    if isinstance(part, str):
        return "".join("x" if unicodedata.category(one) in _REFUSED else one for one in part)
    if isinstance(part, list):
        return [plain(one) for one in part]
    if isinstance(part, dict):
        return {plain(name): plain(value) for name, value in part.items()}
    return part


@schemathesis.hook
def map_body(_context: Any, body: Any) -> Any:
    """Send bodies without them."""
    return plain(body)


@schemathesis.hook
def map_query(_context: Any, query: Any) -> Any:
    """Send query strings without them, without commas in lists, and with times of today."""
    for name, value in (query or {}).items():
        if isinstance(value, list):
            query[name] = [one.replace(",", "x") if isinstance(one, str) else one for one in value]
    times = {name: TIME for name in query or {} if TIME_NAMES.match(name) and valid(query[name])}
    return plain(query) and {**plain(query), **times}


@schemathesis.hook
def map_headers(_context: Any, headers: Any) -> Any:
    """Send a new key instead of a valid one."""
    key = (headers or {}).get("Idempotency-Key", "")
    if isinstance(key, str) and KEY.fullmatch(key):
        headers["Idempotency-Key"] = str(uuid4())
    return headers
