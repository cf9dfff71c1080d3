"""The answers that are stored under idempotency keys, in the kit's table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from flask import Response
from sqlalchemy.exc import DBAPIError

from mercato_kit import db, later, leases
from mercato_kit.db import locked, session
from mercato_kit.errors import Conflict, Invalid, Problem
from mercato_kit.leases import Lease
from mercato_kit.models import IdempotencyKey
from mercato_kit.prepared import Prepared

KEPT_FOR = timedelta(hours=24)

Unstored = Mapping[str, Callable[[Mapping[str, Any]], Any]]
"""Members added to each response after it is stored, by name: functions of the stored body.

A result of None adds nothing.
"""

_STORED_HEADERS = ("location", "etag", "content-type", "cache-control")
_LOCK_NOT_AVAILABLE = "55P03"
_OF_KEY = (
    IdempotencyKey.scope == sa.bindparam("of_scope"),
    IdempotencyKey.key == sa.bindparam("of_key"),
)
_STORE = (
    sa.update(IdempotencyKey)
    .where(*_OF_KEY)
    .values(
        response_status=sa.bindparam("status"),
        response_headers=sa.bindparam("headers"),
        response_body=sa.bindparam("body"),
        leased_until=sa.null(),
        lease_id=sa.null(),
    )
)
_HOLD = (
    sa.update(IdempotencyKey)
    .where(*_OF_KEY)
    .values(
        reference=sa.bindparam("of_reference", type_=IdempotencyKey.reference.type),
        leased_until=leases.now(leases.LEASE_SECONDS),
        lease_id=sa.bindparam("of_lease", type_=IdempotencyKey.lease_id.type),
    )
)


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


class AnswerErased(Problem):
    """The stored answer was erased with the data of a person; the request had its effect."""

    status = 410
    code = "answer_erased"
    title = "The answer to this key was erased"


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key.

    Args:
        scope: Who sent it, with the method and the rule of the route.
        key: What was sent.
        fingerprint: SHA-256 of the path, the query and the body.
    """

    scope: str
    key: str
    fingerprint: str

    @property
    def where(self) -> dict[str, str]:
        """The parameters of a condition on its row."""
        return {"of_scope": self.scope, "of_key": self.key}


def claim(key: Key) -> bool:
    """Insert the key; False if it exists. On PostgreSQL, waits for a concurrent insert.

    Raises:
        IdempotencyInProgress: The other request takes too long.
    """
    now = db.utc_now()
    row = {**key.where, "hash": key.fingerprint, "now": now, "end": now + KEPT_FOR}
    try:
        return bool(_CLAIM.rows(db.current_connection(), row))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise IdempotencyInProgress from error
        raise


def _insert_key(_dialect: sa.Dialect) -> sa.Insert:
    """Return the INSERT of a key; one that has expired is replaced."""
    now = sa.bindparam("now", type_=IdempotencyKey.created_at.type)
    names = IdempotencyKey.__table__.columns.keys()
    fresh = dict.fromkeys(set(names) - {"scope", "key"}, sa.null()) | {
        "request_hash": sa.bindparam("hash", type_=IdempotencyKey.request_hash.type),
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


def find(key: Key, *, lock: bool = False) -> IdempotencyKey:
    """Return the row of a key that was claimed before.

    Args:
        key: The key.
        lock: Lock it until the unit of work ends.

    Raises:
        IdempotencyKeyReused: It belongs to another request.
    """
    select = db.refreshed(sa.select(IdempotencyKey).where(*_OF_KEY))
    row = session.scalars(locked(select) if lock else select, key.where).one()
    if row.request_hash != key.fingerprint:
        raise IdempotencyKeyReused
    return row


def replay(row: IdempotencyKey, unstored: Unstored) -> Response:
    """Return the stored response.

    Raises:
        IdempotencyInProgress: There is none yet.
        AnswerErased: It was erased with the data of a person.
    """
    if row.response_status is None:
        raise IdempotencyInProgress
    if row.response_body is None:
        raise AnswerErased
    response = Response(row.response_body, row.response_status, headers=row.response_headers)
    _add_unstored(response, row.response_body, unstored)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def store(key: Key, response: Response, unstored: Unstored) -> Response:
    """Store a response, and return it with what is not stored."""
    headers = {name: value for name, value in response.headers if name.lower() in _STORED_HEADERS}
    db.current_session().flush()
    body = response.get_data(as_text=True)
    answer = {"status": response.status_code, "headers": headers, "body": body}
    later.write(_STORE, {**key.where, **answer})
    _add_unstored(response, body, unstored)
    return response


def give_back(key: Key) -> None:
    """Delete the key of a refused request whose transaction commits."""
    session.execute(
        sa.delete(IdempotencyKey).where(*_OF_KEY).execution_options(synchronize_session=False),
        key.where,
    )


def hold(key: Key, reference: UUID, lease_id: UUID) -> Lease:
    """Store what a remote command has begun, and lease the key to this request."""
    lease = _lease_of(key, lease_id)
    session.flush()
    later.write(_HOLD, {**key.where, "of_reference": reference, "of_lease": lease.id})
    return lease


def resume(key: Key, lease_id: UUID) -> Lease:
    """Lease the key of a remote command whose request has ended without an answer.

    One that this request has already leased is its own: the answer to its commit was lost.

    Raises:
        IdempotencyInProgress: Another request has the lease.
    """
    lease = _lease_of(key, lease_id)
    taken = session.execute(
        sa.update(IdempotencyKey)
        .where(
            *_OF_KEY,
            IdempotencyKey.response_status.is_(None),
            IdempotencyKey.reference.is_not(None),
            sa.or_(leases.free(IdempotencyKey), IdempotencyKey.lease_id == lease_id),
        )
        .values(leased_until=leases.now(leases.LEASE_SECONDS), lease_id=lease.id)
        .returning(IdempotencyKey.key)
        .execution_options(synchronize_session=False),
        key.where,
    ).all()
    if not taken:
        raise IdempotencyInProgress
    return lease


def _lease_of(key: Key, lease_id: UUID) -> Lease:
    return Lease(IdempotencyKey, ((key.scope, key.key),), lease_id)


def _add_unstored(response: Response, stored: str, unstored: Unstored) -> None:
    if not unstored or response.status_code >= 400:
        return
    body = msgspec.json.decode(stored)
    made = {name: make(body) for name, make in unstored.items()}
    if added := {name: value for name, value in made.items() if value is not None}:
        response.set_data(msgspec.json.encode({**body, **added}))
