"""Idempotency-Key (IETF draft): a key has one effect, and repeated requests get the same response.

The key is inserted in the transaction of the work, so key, effect and stored response are
committed together or not at all. A refusal rolls the key back, so that the client can use it
again; one with ``keeps_answer`` is the answer of the key. Work that waits for another machine has
two transactions (:mod:`mercato_kit.http.remote`).
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Request, Response

from mercato_kit.contexts import get_app, get_request
from mercato_kit.emails import canonical_email
from mercato_kit.errors import Problem
from mercato_kit.http import stored_answers
from mercato_kit.http.body import read_json
from mercato_kit.http.routes import Route
from mercato_kit.http.stored_answers import Key
from mercato_kit.identity import known_principal

T = TypeVar("T")

_SCOPE_CHARACTERS = 160
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~:/-]+")
_ESCAPED = re.compile(r'\\(["\\])')


class IdempotencyKeyMissing(Problem):
    """The route requires an Idempotency-Key, and no valid key was sent."""

    status = 400
    code = "idempotency_key_required"
    title = "Send an Idempotency-Key of 16 to 255 characters"


def read_key() -> str:
    """Return the key of the request: an sf-string (RFC 9651) or a bare token.

    Raises:
        IdempotencyKeyMissing: There is none, several, or one that is not 16 to 255 characters long.
    """
    # Servers join repeated headers with commas, which are invalid in both forms outside of quotes.
    sent = get_request().headers.get("Idempotency-Key", "").strip(" \t")
    if found := _STRING.fullmatch(sent):
        key = _ESCAPED.sub(r"\1", found[1])
    else:
        key = sent if _TOKEN.fullmatch(sent) else ""
    if not 16 <= len(key) <= 255:
        raise IdempotencyKeyMissing
    return key


def key_of(route: Route, request: Request) -> Key:
    """Return the key of a request in the scope of its caller and route.

    Raises:
        IdempotencyKeyMissing: There is none, several, or one that is not 16 to 255 characters long.
    """
    body = read_json(request)
    caller = _caller(body, route.guest_scope, route.guest_header)
    scope = _scope(caller, f"{request.method} {request.url_rule}")
    return Key(scope, read_key(), _fingerprint(body))


def answer_once(route: Route, request: Request, respond: Callable[[], Response]) -> Response:
    """Return the stored response, or do the work and store its response.

    Runs in a unit of work.

    Args:
        route: The route.
        request: The request.
        respond: Does the work and returns the response.

    Raises:
        IdempotencyKeyReused: The key was used before with another path or body.
        IdempotencyInProgress: Another request with the key is in progress.
    """
    key = key_of(route, request)
    if not stored_answers.claim(key):
        return stored_answers.replay(stored_answers.find(key), route.unstored)
    return answer_first(route, key, respond)


def answer_first(route: Route, key: Key, respond: Callable[[], Response | T]) -> Response | T:
    """Do the work of a key that was claimed, and store its response; a refusal gives it back.

    Another result than a response is returned as it is.
    """
    try:
        response = respond()
    except Problem as refusal:
        if refusal.keeps_answer:
            return stored_answers.store(key, answer_of(refusal), route.unstored)
        if refusal.keeps_work:
            stored_answers.give_back(key)
        raise
    if not isinstance(response, Response):
        return response
    if response.status_code >= 400:
        stored_answers.give_back(key)
        return response
    return stored_answers.store(key, response, route.unstored)


def answer_of(refusal: Problem) -> Response:
    """Return the response that the app has for a problem."""
    app = get_app()
    return app.make_response(app.handle_user_exception(refusal))


def _scope(caller: str, route: str) -> str:
    scope = f"{caller} {route}"
    return scope if len(scope) <= _SCOPE_CHARACTERS else f"{caller} {_sha256(route)}"


def _caller(body: Any, guest_scope: str | None, guest_header: str | None) -> str:
    principal = known_principal()
    if principal.key_id is not None:
        return f"{principal.sub}/{principal.key_id}"
    if principal.sub is not None:
        return str(principal.sub)
    email = body.get(guest_scope) if isinstance(body, dict) and guest_scope else None
    marks = canonical_email(str(email or ""))
    if guest_header is not None:
        marks += f" {get_request().headers.get(guest_header, '')}"
    return f"guest:{_sha256(marks)}"


def _fingerprint(body: Any) -> str:
    request, sent = get_request(), body if isinstance(body, (dict, list)) else None
    query = sorted(request.args.items(multi=True)) if request.query_string else []
    return _sha256(_CANONICAL.encode([request.path, query, sent]))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
