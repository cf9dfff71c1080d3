"""Known devices: where a user has logged in, its attempts are its own.

A device is no factor of authentication. It only keeps strangers, who use up the attempts of an
account, from locking its owner out.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from mercato_kit.db import new_id, session, utc_now
from mercato_kit.emails import canonical_email
from mercato_kit.later import later
from mercato_users import opaque_tokens
from mercato_users.clients import Client
from mercato_users.models import Device, User

MOST = 20
"""Devices of an account; then the one that was not used for longest is forgotten."""

LIFETIME = timedelta(days=180)


_DAY = timedelta(days=1)

_Counted = aliased(Device)
NUMBER = (
    sa.select(sa.func.count())
    .select_from(_Counted)
    .where(_Counted.user_id == User.id, _Counted.revoked_at.is_(None))
    .correlate(User)
    .scalar_subquery()
)
"""How many devices an account has."""


def is_known(digest: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Return the condition that the device with the hash of a token is known to a user.

    It has the parameter ``now``.
    """
    return sa.and_(
        Device.token_hash == digest,
        Device.user_id == User.id,
        Device.epoch == User.credential_epoch,
        Device.revoked_at.is_(None),
        Device.expires_at > sa.bindparam("now", type_=Device.expires_at.type),
    )


class Seen(NamedTuple):
    """The device of a login, if it is known, and how many devices the account has."""

    device_id: UUID | None
    used_at: datetime | None
    number: int


class Owner(NamedTuple):
    """The active account of an address, and the known device that asks; None for each unknown."""

    user_id: UUID | None
    device_id: UUID | None


def find_owner(email: str, device_token: str | None, *which: sa.ColumnElement[bool]) -> Owner:
    """Return the active account of an address and its known device, by one statement."""
    digest = sa.literal(opaque_tokens.digest(device_token or ""))
    row = session.execute(
        sa.select(User.id, Device.id)
        .outerjoin(Device, is_known(digest))
        .where(User.email_canonical == canonical_email(email), User.status == "active", *which),
        {"now": utc_now()},
    ).one_or_none()
    return Owner(*row) if row is not None else Owner(None, None)


def recognize(user: User, seen: Seen, token: str | None, client: Client) -> tuple[UUID, str]:
    """Return id and token of the device of a login; it becomes a known one if it is not."""
    if seen.device_id is None or token is None:
        return remember(user, client, known=seen.number)
    use(seen.device_id, seen.used_at)
    return seen.device_id, token


def remember(user: User, client: Client, *, known: int) -> tuple[UUID, str]:
    """Make a device known to a user who has *known* others; return its id and its token."""
    token, device_id, now = opaque_tokens.new_token(), new_id(), utc_now()
    device = {
        "id": device_id,
        "user_id": user.id,
        "token_hash": opaque_tokens.digest(token),
        "epoch": user.credential_epoch,
        "created_at": now,
        "used_at": now,
        "expires_at": now + LIFETIME,
        "user_agent": client.stored_agent,
        "ip_prefix": client.prefix,
    }
    if known >= MOST:
        _forget_longest_unused(user.id)
    later(Device, [device])
    return device_id, token


def use(device_id: UUID, used_at: datetime | None) -> None:
    """Record that a user has logged in on a device again, once a day."""
    now = utc_now()
    if used_at is not None and now < used_at + _DAY:
        return
    session.execute(
        sa.update(Device)
        .where(Device.id == device_id)
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )


def revocation(which: sa.ColumnElement[bool]) -> sa.Update:
    """Return the statement that lets devices be unknown from now on."""
    return (
        sa.update(Device)
        .where(which, Device.revoked_at.is_(None))
        .values(revoked_at=utc_now())
        .execution_options(synchronize_session=False)
    )


def _forget_longest_unused(user_id: UUID) -> None:
    of_user = sa.select(Device.id).where(Device.user_id == user_id, Device.revoked_at.is_(None))
    surplus = of_user.order_by(Device.used_at.desc()).offset(MOST - 1).limit(MOST)
    session.execute(revocation(Device.id.in_(surplus)))
