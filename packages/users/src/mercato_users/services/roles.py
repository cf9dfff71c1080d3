"""Roles: named sets of permissions."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import security
from mercato_kit.db import insert, new_id, session
from mercato_users.errors import UnknownRole
from mercato_users.models import Role, RolePermission, UserRole
from mercato_users.services import audit


def grant_role(user_id: UUID, role_name: str) -> None:
    """Give a user a role; does nothing if the user has it.

    Raises:
        UnknownRole: A role with this name does not exist.
    """
    role_id = session.scalar(sa.select(Role.id).where(Role.name == role_name))
    if role_id is None:
        known = ", ".join(session.scalars(sa.select(Role.name).order_by(Role.name)))
        raise UnknownRole(f"Unknown role {role_name!r}. Known roles: {known}.")
    granted = session.scalar(
        insert(UserRole)
        .values(user_id=user_id, role_id=role_id)
        .on_conflict_do_nothing()
        .returning(UserRole.user_id)
    )
    if granted is not None:
        audit.record(user_id, "role_granted", data={"role": role_name})


def create_role(name: str, permissions: Iterable[str]) -> None:
    """Create a role with *permissions*; does nothing if a role with this name exists."""
    role_id = session.scalar(
        insert(Role)
        .values(id=new_id(), name=name)
        .on_conflict_do_nothing(index_elements=["name"])
        .returning(Role.id)
    )
    rows = [{"role_id": role_id, "permission": name} for name in sorted(permissions)]
    if role_id is not None and rows:
        session.execute(sa.insert(RolePermission).values(rows))
    if role_id is not None:
        held = [row["permission"] for row in rows]
        security.record("role_created", role=name, permissions=held)


def list_roles() -> dict[str, list[str] | None]:
    """Return the permissions of each role; None for a role that holds every permission."""
    rows = session.execute(
        sa.select(Role.name, Role.is_system, RolePermission.permission)
        .outerjoin(RolePermission, RolePermission.role_id == Role.id)
        .order_by(Role.name, RolePermission.permission)
    )
    found: dict[str, list[str] | None] = {}
    for name, is_system, permission in rows:
        held = found.setdefault(name, None if is_system else [])
        if held is not None and permission is not None:
            held.append(permission)
    return found
