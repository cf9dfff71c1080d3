"""Tables of users: accounts, sessions, tokens, roles, API keys, invitations and audit trail."""

from mercato_users.models.access import ApiKey, Import, Invitation, InvitationRole
from mercato_users.models.accounts import (
    ADMIN,
    Address,
    AuditEvent,
    Base,
    Challenge,
    Device,
    LoginAttempt,
    OneTimeToken,
    RefreshToken,
    Role,
    RolePermission,
    Session,
    StoredSigningKey,
    User,
    UserRole,
)

__all__ = [
    "ADMIN",
    "Address",
    "ApiKey",
    "AuditEvent",
    "Base",
    "Challenge",
    "Device",
    "Import",
    "Invitation",
    "InvitationRole",
    "LoginAttempt",
    "OneTimeToken",
    "RefreshToken",
    "Role",
    "RolePermission",
    "Session",
    "StoredSigningKey",
    "User",
    "UserRole",
]
