"""What is shown of users."""

import sqlalchemy as sa

from mercato_kit.views import View, comparisons
from mercato_users.models import Role, User, UserRole
from mercato_users.schemas import UserSchema

_SEARCHED = (User.email_canonical, User.given_name, User.family_name)
_HOLDERS = (
    sa.select(UserRole.user_id)
    .join(Role, Role.id == UserRole.role_id)
    .where(Role.name == sa.bindparam("role"))
)

USERS = View(
    UserSchema,
    computed={"email_verified": User.email_verified_at.is_not(None)},
    filters={
        "q": sa.or_(*(column.icontains(sa.bindparam("q"), escape="/") for column in _SEARCHED)),
        "role": User.id.in_(_HOLDERS),
        **comparisons(User.id, User.status, User.created_at),
    },
    sorts={"created_at": User.created_at},
    id=User.id,
)
"""Users. ``q`` is a part of the address or of a name, with ``/`` before ``/``, ``%`` and ``_``."""
