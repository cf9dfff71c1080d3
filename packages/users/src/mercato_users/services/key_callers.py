"""Programs that call with an API key: who they are, and when a key was last used."""

import logging
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import sqlalchemy as sa
from flask import Response, after_this_request, has_request_context, request

from mercato_kit import work
from mercato_kit.composition import current_composition
from mercato_kit.db import session, utc_now
from mercato_kit.errors import Problem, Unauthenticated
from mercato_kit.principals import Principal
from mercato_kit.reads import Read
from mercato_users import api_keys, opaque_tokens
from mercato_users.clients import Client
from mercato_users.models import ApiKey, Role, RolePermission, User, UserRole

NOTED_EVERY = timedelta(minutes=10)
"""How often the last use of a key is written."""

_log = logging.getLogger(__name__)

_KEY = Read(
    sa.select(
        ApiKey.id,
        ApiKey.scopes,
        ApiKey.last_used_at,
        User.id.label("user_id"),
        User.kind,
        User.email,
        User.email_verified_at.is_not(None).label("email_verified"),
        User.given_name,
        User.family_name,
        Role.is_system,
        RolePermission.permission,
    )
    .select_from(ApiKey)
    .join(User, User.id == ApiKey.user_id)
    .outerjoin(UserRole, UserRole.user_id == User.id)
    .outerjoin(Role, Role.id == UserRole.role_id)
    .outerjoin(RolePermission, RolePermission.role_id == Role.id)
    .where(
        ApiKey.key_hash == sa.bindparam("key_hash"),
        ApiKey.revoked_at.is_(None),
        ApiKey.expires_at > sa.bindparam("now"),
        User.status == "active",
    )
)
"""One row for each permission of the owner of a key, or one without; none if it is not valid."""


def identify(token: str) -> Principal:
    """Return the principal of an API key.

    It has the permissions that its owner has now, as far as they are scopes of the key.

    Raises:
        Unauthenticated: The key is unknown, revoked or expired, or its owner is not active. A text
            without the right checksum is refused without a statement.
    """
    if not api_keys.is_whole(token):
        raise Unauthenticated(invalid_token=True)
    rows = _KEY.rows(key_hash=opaque_tokens.digest(token), now=utc_now())
    if not rows:
        raise Unauthenticated(invalid_token=True)
    key_id, scopes, used_at, user_id, kind, email, email_verified, *names, _, _ = rows[0]
    _note_use_later(key_id, used_at)
    declared = current_composition().permissions
    is_system = any(is_system for *_, is_system, _ in rows)
    held = declared if is_system else declared & {permission for *_, permission in rows}
    return Principal(
        sub=user_id,
        kind="service",
        email=email if kind == "person" else None,
        email_verified=email_verified,
        permissions=held & frozenset(scopes),
        key_id=key_id,
        name=" ".join(filter(None, names)) or None,
    )


def _note_use_later(key_id: UUID, used_at: datetime | None) -> None:
    """Write the last use of a key after the transaction of the request, once in ten minutes."""
    is_due = used_at is None or used_at + NOTED_EVERY <= utc_now()
    if is_due and has_request_context():
        after_this_request(partial(_note_use, key_id))


def _note_use(key_id: UUID, response: Response) -> Response:
    prefix = Client(address=request.remote_addr).prefix
    try:
        work.run(lambda: _write_use(key_id, prefix))
    except Problem as problem:
        # The response was made before; the next request writes it.
        _log.warning("last use of the API key %s was not written: %s", key_id, problem.code)
    return response


def _write_use(key_id: UUID, prefix: str | None) -> None:
    now = utc_now()
    is_due = sa.or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - NOTED_EVERY)
    session.execute(
        sa.update(ApiKey)
        .where(ApiKey.id == key_id, is_due)
        .values(last_used_at=now, last_used_prefix=prefix)
        .execution_options(synchronize_session=False)
    )
