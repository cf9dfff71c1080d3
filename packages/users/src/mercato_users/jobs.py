"""Periodic jobs that delete expired rows."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_kit.jobs import Job
from mercato_kit.settings import current_settings
from mercato_users.counters import tables
from mercato_users.models import (
    ApiKey,
    AuditEvent,
    Challenge,
    Device,
    Invitation,
    OneTimeToken,
    Session,
    StoredSigningKey,
    User,
)
from mercato_users.settings import UsersSettings

BATCH = 500
ENDED_SESSIONS_KEPT = timedelta(days=30)


def forget_attempts() -> int:
    """Delete attempts that no limit counts any more."""
    return tables.forget_old(limit=BATCH)


def forget_tokens() -> int:
    """Delete one-time tokens some time after they expired.

    Until then, a new verification mail takes the data of the registration from the newest token.
    """
    return _delete(OneTimeToken.token_hash, OneTimeToken.expires_at < _unverified_since())


def forget_sessions() -> int:
    """Delete sessions, and their refresh tokens, a month after they ended."""
    before = utc_now() - ENDED_SESSIONS_KEPT
    ended = (Session.expires_at, Session.idle_expires_at, Session.revoked_at)
    return _delete(Session.id, sa.or_(*(moment < before for moment in ended)))


def forget_devices() -> int:
    """Delete known devices a month after they expired or were revoked."""
    before = utc_now() - ENDED_SESSIONS_KEPT
    return _delete(Device.id, sa.or_(Device.expires_at < before, Device.revoked_at < before))


def forget_challenges() -> int:
    """Delete challenges of second factors that have expired."""
    return _delete(Challenge.token_hash, Challenge.expires_at < utc_now())


def forget_api_keys() -> int:
    """Delete API keys a month after they expired or were revoked."""
    before = utc_now() - ENDED_SESSIONS_KEPT
    return _delete(ApiKey.id, sa.or_(ApiKey.expires_at < before, ApiKey.revoked_at < before))


def forget_invitations() -> int:
    """Delete invitations a month after they expired, also those that were accepted."""
    return _delete(Invitation.id, Invitation.expires_at < utc_now() - ENDED_SESSIONS_KEPT)


def forget_signing_keys() -> int:
    """Delete keys of access tokens a day after they have gone."""
    return _delete(StoredSigningKey.kid, StoredSigningKey.gone_at < utc_now() - timedelta(days=1))


def forget_audit_events() -> int:
    """Delete the audit trail that is older than the setting ``audit_days``."""
    before = utc_now() - timedelta(days=current_settings(UsersSettings).audit_days)
    return _delete(AuditEvent.id, AuditEvent.created_at < before)


def forget_unverified() -> int:
    """Delete accounts that were not verified in time, so that their addresses can be used again."""
    return _delete(
        User.id,
        User.email_verified_at.is_(None),
        User.kind == "person",
        User.status == "active",
        User.created_at < _unverified_since(),
        ~sa.exists().where(
            OneTimeToken.user_id == User.id, OneTimeToken.expires_at >= _unverified_since()
        ),
    )


HOUR = 3600

JOBS = (
    Job("forget_attempts", forget_attempts, every_seconds=HOUR),
    Job("forget_tokens", forget_tokens, every_seconds=HOUR),
    Job("forget_sessions", forget_sessions, every_seconds=HOUR),
    Job("forget_devices", forget_devices, every_seconds=HOUR),
    Job("forget_challenges", forget_challenges, every_seconds=HOUR),
    Job("forget_api_keys", forget_api_keys, every_seconds=HOUR),
    Job("forget_signing_keys", forget_signing_keys, every_seconds=HOUR),
    Job("forget_audit_events", forget_audit_events, every_seconds=HOUR),
    Job("forget_invitations", forget_invitations, every_seconds=HOUR),
    Job("forget_unverified", forget_unverified, every_seconds=HOUR),
)


def _unverified_since() -> Any:
    return utc_now() - timedelta(days=current_settings(UsersSettings).unverified_days)


def _delete(key: Any, *conditions: sa.ColumnElement[bool]) -> int:
    """Delete a batch of rows, and return their number."""
    batch = sa.select(key).where(*conditions).limit(BATCH)
    deleted = session.execute(
        sa.delete(key.class_).where(key.in_(batch)).returning(key),
        execution_options={"synchronize_session": False},
    )
    return len(deleted.all())
