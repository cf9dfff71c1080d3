"""The last administrator stays: an active, verified account with the system role.

Work that may take it calls :func:`lock`, makes its change, and then calls :func:`require_one`. The
order matters: PostgreSQL takes the snapshot of a statement before it waits for a lock, so only a
statement that begins after the lock was granted sees what another transaction has changed.
"""

import sqlalchemy as sa

from mercato_kit.db import locked, session
from mercato_users.errors import LastAdministrator
from mercato_users.models import Role, User, UserRole


def lock() -> None:
    """Lock the system role, so that changes of administrators happen one after another.

    It comes before the lock of a user's row.
    """
    session.execute(locked(sa.select(Role.id).where(Role.is_system).order_by(Role.id)))


def require_one() -> None:
    """Check that an administrator is left.

    Raises:
        LastAdministrator: There is none; the rollback undoes the change.
    """
    left = (
        sa.select(User.id)
        .join(UserRole, UserRole.user_id == User.id)
        .join(Role, Role.id == UserRole.role_id)
        .where(Role.is_system, User.status == "active", User.email_verified_at.is_not(None))
        .limit(1)
    )
    if session.scalar(left) is None:
        raise LastAdministrator
