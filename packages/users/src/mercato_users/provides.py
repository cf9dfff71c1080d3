"""The provider of the contract ``identity``."""

from typing import Any

import sqlalchemy as sa

from mercato_kit.composition import current_composition
from mercato_kit.db import session, utc_now
from mercato_kit.errors import Unauthenticated
from mercato_kit.principals import Principal
from mercato_users import access_tokens
from mercato_users.models import Role, RolePermission, Session, User, UserRole


class Identity:
    """Authenticates access tokens of this deployment."""

    def authenticate(self, token: str) -> Principal:
        """Return the principal of *token*.

        Raises:
            Unauthenticated: The token is invalid or expired, its session has ended, or the account
                is not active.
        """
        claims = access_tokens.read(token)
        rows = session.execute(_principal_and_permissions(claims)).all()
        if not rows:
            raise Unauthenticated(invalid_token=True)
        user = rows[0]
        permissions = {row.permission for row in rows if row.permission is not None}
        if any(row.is_system for row in rows):
            permissions |= current_composition().permissions
        names = (user.given_name, user.family_name)
        return Principal(
            sub=claims.user_id,
            kind="user",
            email=user.email,
            email_verified=user.email_verified_at is not None,
            permissions=frozenset(permissions),
            session_id=claims.session_id,
            name=" ".join(name for name in names if name) or None,
        )


def _principal_and_permissions(claims: access_tokens.Claims) -> sa.Select[*tuple[Any, ...]]:
    """Select one row per permission, or one without; a single statement per request."""
    return (
        sa.select(
            User.email,
            User.email_verified_at,
            User.given_name,
            User.family_name,
            Role.is_system,
            RolePermission.permission,
        )
        .select_from(Session)
        .join(User, User.id == Session.user_id)
        .outerjoin(UserRole, UserRole.user_id == User.id)
        .outerjoin(Role, Role.id == UserRole.role_id)
        .outerjoin(RolePermission, RolePermission.role_id == Role.id)
        .where(
            Session.id == claims.session_id,
            Session.user_id == claims.user_id,
            Session.revoked_at.is_(None),
            Session.expires_at > utc_now(),
            User.status == "active",
            User.token_epoch == claims.epoch,
        )
    )
