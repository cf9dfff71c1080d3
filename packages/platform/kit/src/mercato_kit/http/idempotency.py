"""Idempotency-Key (IETF draft): a key has one effect, and repeated requests get the same response.

The key is inserted in the transaction of the work, so key, effect and stored response are
committed together or not at all. A refusal rolls the key back, so that the client can use it
again.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from flask import Response
from sqlalchemy.exc import DBAPIError

from mercato_kit import db, later
from mercato_kit.contexts import get_request
from mercato_kit.db import session
from mercato_kit.emails import canonical_email
from mercato_kit.errors import Conflict, Invalid, Problem
from mercato_kit.http.body import read_json
from mercato_kit.identity import known_principal
from mercato_kit.models import IdempotencyKey
from mercato_kit.prepared import Prepared

KEPT_FOR = timedelta(hours=24)

Unstored = Mapping[str, Callable[[Mapping[str, Any]], Any]]
"""Members added to each response after it is stored, by name: functions of the stored body.

A result of None adds nothing.
"""

_STORED_HEADERS = ("Location", "ETag", "Content-Type", "Cache-Control")
_LOCK_NOT_AVAILABLE = "55P03"
_SCOPE_CHARACTERS = 160
_STORE = (
    sa.update(IdempotencyKey)
    .where(
        IdempotencyKey.scope == sa.bindparam("of_scope"),
        IdempotencyKey.key == sa.bindparam("of_key"),
    )
    .values(
        response_status=sa.bindparam("status"),
        response_headers=sa.bindparam("headers"),
        response_body=sa.bindparam("body"),
    )
)
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~:/-]+")
_ESCAPED = re.compile(r'\\(["\\])')


class IdempotencyKeyMissing(Problem):
    """The route requires an Idempotency-Key, and no valid key was sent."""

    status = 400
    code = "idempotency_key_required"
    title = "Send an Idempotency-Key of 16 to 255 characters"


class IdempotencyKeyReused(Invalid):
    """The key was used before with another request."""

    code = "idempotency_key_reused"
    title = "This key was already used with another request"


class IdempotencyInProgress(Conflict):
    """Another request with the key is in progress."""

    code = "idempotency_in_progress"
    title = "Another request with this key is in progress"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


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


def answer_once(
    respond: Callable[[], Response],
    *,
    route: str,
    guest_scope: str | None,
    guest_header: str | None,
    unstored: Unstored,
) -> Response:
    """Return the stored response, or do the work and store its response.

    Runs in a unit of work.

    Args:
        respond: Does the work and returns the response.
        route: Method and rule; part of the key's scope.
        guest_scope: The member of the body (an e-mail address) that separates guests.
        guest_header: The header (a guest's secret) that separates guests.
        unstored: Members of the response that must not be stored.

    Raises:
        IdempotencyKeyReused: The key was used before with another path or body.
        IdempotencyInProgress: Another request with the key is in progress.
    """
    body = read_json(get_request())
    scope = _scope(_caller(body, guest_scope, guest_header), route)
    fingerprint = _fingerprint(body)
    key = read_key()
    if not _claim(scope, key, fingerprint):
        return _replay(scope, key, fingerprint, unstored)
    try:
        response = respond()
    except Problem as refusal:
        if refusal.keeps_work:
            _give_back(scope, key)
        raise
    if response.status_code >= 400:
        _give_back(scope, key)
        return response
    _store(scope, key, response)
    _add_unstored(response, unstored)
    return response


def _scope(caller: str, route: str) -> str:
    scope = f"{caller} {route}"
    return scope if len(scope) <= _SCOPE_CHARACTERS else f"{caller} {_sha256(route)}"


def _caller(body: Any, guest_scope: str | None, guest_header: str | None) -> str:
    principal = known_principal()
    if principal.sub is not None:
        return str(principal.sub)
    email = body.get(guest_scope) if isinstance(body, dict) and guest_scope else None
    marks = canonical_email(str(email or ""))
    if guest_header is not None:
        marks += f" {get_request().headers.get(guest_header, '')}"
    return f"guest:{_sha256(marks)}"


def _fingerprint(body: Any) -> str:
    request, sent = get_request(), body if isinstance(body, (dict, list)) else None
    query = sorted(request.args.items(multi=True))
    return _sha256(_CANONICAL.encode([request.path, query, sent]))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _claim(scope: str, key: str, fingerprint: str) -> bool:
    """Insert the key; False if it exists. On PostgreSQL, waits for a concurrent insert."""
    now = db.utc_now()
    claim = {
        "of_scope": scope,
        "of_key": key,
        "hash": fingerprint,
        "now": now,
        "end": now + KEPT_FOR,
    }
    try:
        return bool(_CLAIM.rows(session.connection(), claim))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise IdempotencyInProgress from error
        raise


def _insert_key(_dialect: sa.Dialect) -> sa.Insert:
    """Return the INSERT of a key; one that has expired is replaced."""
    now = sa.bindparam("now", type_=IdempotencyKey.created_at.type)
    fresh = {
        "request_hash": sa.bindparam("hash", type_=IdempotencyKey.request_hash.type),
        "response_status": sa.null(),
        "response_headers": sa.null(),
        "response_body": sa.null(),
        "created_at": now,
        "expires_at": sa.bindparam("end", type_=IdempotencyKey.expires_at.type),
    }
    insert = db.insert(IdempotencyKey).values(
        scope=sa.bindparam("of_scope"), key=sa.bindparam("of_key"), **fresh
    )
    claim = insert.on_conflict_do_update(
        index_elements=["scope", "key"], set_=fresh, where=IdempotencyKey.expires_at < now
    )
    return claim.returning(IdempotencyKey.key)


_CLAIM = Prepared(_insert_key)


def _replay(scope: str, key: str, fingerprint: str, unstored: Unstored) -> Response:
    stored = session.execute(
        sa.select(
            IdempotencyKey.request_hash,
            IdempotencyKey.response_status,
            IdempotencyKey.response_headers,
            IdempotencyKey.response_body,
        ).where(IdempotencyKey.scope == scope, IdempotencyKey.key == key)
    ).one()
    if stored.request_hash != fingerprint:
        raise IdempotencyKeyReused
    if stored.response_status is None:
        raise IdempotencyInProgress
    response = Response(
        stored.response_body, stored.response_status, headers=stored.response_headers
    )
    _add_unstored(response, unstored)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _store(scope: str, key: str, response: Response) -> None:
    headers = {name: response.headers[name] for name in _STORED_HEADERS if name in response.headers}
    session.flush()
    answer = {
        "of_scope": scope,
        "of_key": key,
        "status": response.status_code,
        "headers": headers,
        "body": response.get_data(as_text=True),
    }
    later.write(_STORE, answer)


def _give_back(scope: str, key: str) -> None:
    """Delete the key of a refused request whose transaction commits."""
    session.execute(
        sa.delete(IdempotencyKey)
        .where(IdempotencyKey.scope == scope, IdempotencyKey.key == key)
        .execution_options(synchronize_session=False)
    )


def _add_unstored(response: Response, unstored: Unstored) -> None:
    if not unstored:
        return
    body = msgspec.json.decode(response.get_data())
    made = {name: make(body) for name, make in unstored.items()}
    if added := {name: value for name, value in made.items() if value is not None}:
        response.set_data(msgspec.json.encode({**body, **added}))
