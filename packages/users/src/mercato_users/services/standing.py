"""What accounts and roles hold, and who may therefore change them.

The permissions that a caller has now decide which routes it may call. What its roles hold, also
while no feature declares it, decides what it may give, take and change.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.errors import Forbidden
from mercato_users.changes import with_changes
from mercato_users.models import Role, RolePermission, UserRole


@dataclass(frozen=True, slots=True)
class Held:
    """What a role or all roles of an account hold.

    Args:
        permissions: Their stored permissions.
        is_system: Whether one is the system role, which covers everything.
        roles: Ids of the roles.
    """

    permissions: frozenset[str] = frozenset()
    is_system: bool = False
    roles: frozenset[UUID] = frozenset()

    def covers(self, other: "Held") -> bool:
        """Return whether everything that *other* holds is held."""
        return self.is_system or (not other.is_system and other.permissions <= self.permissions)


def part_of(role_id: UUID, permission: str | None, *, is_system: bool) -> Held:
    """Return what a row of a role and one of its permissions says."""
    stored = frozenset() if permission is None else frozenset({permission})
    return Held(stored, is_system, frozenset({role_id}))


def union(held: Iterable[Held]) -> Held:
    """Return what several roles hold together."""
    every = list(held)
    return Held(
        frozenset().union(*(one.permissions for one in every)),
        any(one.is_system for one in every),
        frozenset().union(*(one.roles for one in every)),
    )


def held_by(user_ids: Collection[UUID | None], *changes: sa.Update) -> Mapping[UUID | None, Held]:
    """Return what accounts hold, in one SELECT. What None, an operator, holds covers everything.

    Args:
        user_ids: The accounts.
        changes: Changes of other tables that are sent with it.
    """
    held = (
        sa.select(UserRole.user_id, Role.id, Role.is_system, RolePermission.permission)
        .join(Role, Role.id == UserRole.role_id)
        .outerjoin(RolePermission, RolePermission.role_id == Role.id)
        .where(UserRole.user_id.in_([one for one in user_ids if one is not None]))
    )
    rows = session.execute(with_changes(held, *changes))
    parts: dict[UUID | None, list[Held]] = {one: [] for one in user_ids}
    for user_id, role_id, is_system, permission in rows:
        parts[user_id].append(part_of(role_id, permission, is_system=is_system))
    return {one: Held(is_system=True) if one is None else union(of) for one, of in parts.items()}


def require_touch(actor: Held, target: Held) -> None:
    """Check that who holds *actor* may change an account that holds *target*.

    Raises:
        Forbidden: The account holds what the caller does not.
    """
    if not actor.covers(target):
        raise Forbidden("The account has permissions that you do not have.")


def require_touch_of(user_id: UUID | None, actor_id: UUID | None, *changes: sa.Update) -> Held:
    """Check that an actor may change an account, and return what the account holds.

    Args:
        user_id: The account.
        actor_id: Who changes it; None for an operator, who may do everything.
        changes: Changes of other tables that are sent with it; a refusal undoes them.

    Raises:
        Forbidden: The account holds what the actor does not.
    """
    held = held_by([user_id, actor_id], *changes)
    require_touch(held[actor_id], held[user_id])
    return held[user_id]


def require_grant(actor: Held, *changed: Held) -> None:
    """Check that who holds *actor* may give, take, make, edit or delete roles.

    Args:
        actor: What the caller holds.
        changed: What each role holds, before and after.

    Raises:
        Forbidden: A role holds what the caller does not.
    """
    if not all(actor.covers(one) for one in changed):
        raise Forbidden("The role has permissions that you do not have.")
