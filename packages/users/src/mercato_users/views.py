"""What is shown of users."""

import sqlalchemy as sa

from mercato_kit.views import View, comparisons
from mercato_users.models import (
    Address,
    ApiKey,
    AuditEvent,
    Invitation,
    InvitationRole,
    Role,
    User,
    UserRole,
)
from mercato_users.schemas import (
    AddressSchema,
    ApiKeySchema,
    AuditEventSchema,
    InvitationSchema,
    OwnAuditEventSchema,
    UserSchema,
)

_SEARCHED = (User.email, User.email_canonical, User.given_name, User.family_name)
_HOLDERS = (
    sa.select(UserRole.user_id)
    .join(Role, Role.id == UserRole.role_id)
    .where(Role.name == sa.bindparam("role"))
)

USERS = View(
    UserSchema,
    computed={
        "email_verified": User.email_verified_at.is_not(None),
        "roles": sa.select(Role.name)
        .join(UserRole, UserRole.role_id == Role.id)
        .where(UserRole.user_id == User.id)
        .order_by(Role.name),
    },
    filters={
        "q": sa.or_(*(column.icontains(sa.bindparam("q"), escape="/") for column in _SEARCHED)),
        "role": User.id.in_(_HOLDERS),
        **comparisons(User.id, User.kind, User.status, User.created_at),
    },
    sorts={"created_at": User.created_at},
    id=User.id,
)
"""Users. ``q`` is a part of the address or of a name, with ``/`` before ``/``, ``%`` and ``_``."""

ADDRESSES = View(
    AddressSchema,
    filters=comparisons(Address.user_id, Address.id),
    sorts={"created_at": Address.created_at},
    id=Address.id,
)
"""Addresses of users."""

API_KEYS = View(
    ApiKeySchema,
    where=[ApiKey.revoked_at.is_(None)],
    filters=comparisons(ApiKey.id, ApiKey.user_id),
    sorts={"created_at": ApiKey.created_at},
    id=ApiKey.id,
)
"""API keys that are not revoked, also those that have expired."""

INVITATIONS = View(
    InvitationSchema,
    where=[Invitation.revoked_at.is_(None)],
    computed={
        "roles": sa.select(Role.name)
        .join(InvitationRole, InvitationRole.role_id == Role.id)
        .where(InvitationRole.invitation_id == Invitation.id)
        .order_by(Role.name),
    },
    filters=comparisons(Invitation.id),
    sorts={"created_at": Invitation.created_at},
    id=Invitation.id,
)
"""Invitations that are not revoked, also those that have expired or were accepted."""

_EVENT_FILTERS = comparisons(AuditEvent.id, AuditEvent.user_id, AuditEvent.created_at)
_EVENT_SORTS = {"created_at": AuditEvent.created_at}

AUDIT_EVENTS = View(
    AuditEventSchema,
    filters={**_EVENT_FILTERS, **comparisons(AuditEvent.type)},
    sorts=_EVENT_SORTS,
    id=AuditEvent.id,
)
"""The audit trail, as staff see it."""

OWN_AUDIT_EVENTS = View(
    OwnAuditEventSchema,
    computed={
        "by": sa.case(
            (AuditEvent.actor_id == AuditEvent.user_id, "you"),
            (AuditEvent.actor_id.is_(None), "system"),
            else_="staff",
        )
    },
    filters=_EVENT_FILTERS,
    sorts=_EVENT_SORTS,
    id=AuditEvent.id,
)
"""The audit trail of a user, as its owner sees it: without who of the staff it was."""
