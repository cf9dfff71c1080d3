"""Keys of access tokens are rotated: a new one signs, and the former ones go."""

from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from mercato_kit.db import insert, locked, session, utc_now
from mercato_kit.settings import current_settings
from mercato_users import key_ring
from mercato_users.models import StoredSigningKey
from mercato_users.services import audit
from mercato_users.settings import UsersSettings
from mercato_users.signing_keys import ALGORITHM, SigningKey, generate

NOTICE = timedelta(minutes=15)
"""How long a new key is published before it signs: who verifies tokens may keep the JWK set."""

SLACK = timedelta(seconds=60)
"""How much longer than its last token a former key is kept, for clocks that differ."""


class _Times(NamedTuple):
    """When the new key signs, and the former ones are gone."""

    signs_from: datetime
    gone_at: datetime


def rotate_keys(*, at_once: bool = False) -> list[StoredSigningKey]:
    """Make a new key for access tokens, and let the former ones go.

    The new key is published now, and signs in 15 minutes. The former ones are gone when their last
    tokens have expired.

    Args:
        at_once: A key has leaked: the new one signs now, and the former ones are gone, so that
            clients refresh their access tokens.

    Returns:
        All keys, the newest first.
    """
    now = utc_now()
    times = _Times(now, now) if at_once else _later(now)
    _store_derived(now)
    # Keys of a rotation that is waited for are seen by later statements only.
    session.execute(locked(sa.select(StoredSigningKey.kid)))
    _let_go(times.gone_at)
    key = generate()
    session.execute(sa.insert(StoredSigningKey).values(_row(key, now, times.signs_from)))
    audit.record(None, "keys_rotated", data={"kid": key.kid, "at_once": at_once})
    return list_keys()


def list_keys() -> list[StoredSigningKey]:
    """Return the keys that are stored, the newest first."""
    newest = StoredSigningKey.created_at.desc()
    return list(session.scalars(sa.select(StoredSigningKey).order_by(newest)))


def _later(now: datetime) -> _Times:
    life = timedelta(seconds=current_settings(UsersSettings).access_token_seconds)
    return _Times(now + NOTICE, now + NOTICE + life + SLACK)


def _store_derived(now: datetime) -> None:
    """Store the derived keys before the first rotation, so that they go like others."""
    if session.scalar(sa.select(sa.exists().where(StoredSigningKey.kid.is_not(None)))):
        return
    for age, key in enumerate(key_ring.derived_keys()):
        made_at = now - timedelta(milliseconds=age + 1)
        row = _row(key, made_at, made_at)
        session.execute(insert(StoredSigningKey).values(row).on_conflict_do_nothing())


def _let_go(at: datetime) -> None:
    gone_at = StoredSigningKey.gone_at
    session.execute(
        sa.update(StoredSigningKey)
        .where(sa.or_(gone_at.is_(None), gone_at > at))
        .values(gone_at=at)
        .execution_options(synchronize_session=False)
    )


def _row(key: SigningKey, created_at: datetime, signs_from: datetime) -> dict[str, object]:
    return {
        "kid": key.kid,
        "algorithm": ALGORITHM,
        "private_sealed": key_ring.seal(key),
        "public_jwk": {name: value for name, value in key.jwk.items() if name != "kid"},
        "created_at": created_at,
        "signs_from": signs_from,
    }
