"""Roles: named sets of permissions, which accounts have."""

from collections.abc import Collection, Container, Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from mercato_kit.composition import current_composition
from mercato_kit.db import (
    found,
    insert,
    locked,
    new_id,
    refreshed,
    refuse,
    session,
    unique_key,
)
from mercato_kit.errors import Forbidden, StaleVersion
from mercato_kit.http import Page, PageRequest, paginate
from mercato_users.errors import RoleInUse, RoleTaken, SystemRole, UnknownPermission
from mercato_users.models import Role, RolePermission, Session, UserRole
from mercato_users.services import audit, lifetimes, standing
from mercato_users.services.standing import Held

_WITH_GRANTS = selectinload(Role.grants)


def list_roles(page: PageRequest) -> Page[Role]:
    """Return a page of the roles, by name."""
    every = sa.select(Role).options(_WITH_GRANTS)
    return paginate(every, page, columns={"name": Role.name}, id=Role.id)


def find_role(role_id: UUID) -> Role:
    """Return a role.

    Raises:
        NotFound: It does not exist.
    """
    return found(session.get(Role, role_id, options=[_WITH_GRANTS]))


def find_role_by_name(name: str) -> Role | None:
    """Return the role of a name; None if there is none."""
    return session.scalar(sa.select(Role).where(Role.name == name).options(_WITH_GRANTS))


def create_role(
    name: str,
    permissions: Collection[str],
    *,
    metadata: Mapping[str, Any] | None = None,
    actor_id: UUID | None = None,
) -> Role:
    """Create a role.

    Args:
        name: Its name.
        permissions: What it holds; names that features of the deployment declare.
        metadata: Key-value pairs of the client.
        actor_id: Who creates it; None for an operator, who may do everything.

    Raises:
        UnknownPermission: No feature declares one of the permissions.
        Forbidden: The actor does not hold one of them.
        RoleTaken: A role with this name exists.
    """
    _require_declared(permissions)
    if actor_id is not None:
        held = standing.held_by([actor_id])[actor_id]
        standing.require_grant(held, Held(frozenset(permissions)))
    role_id = session.scalar(
        insert(Role)
        .values(id=new_id(), name=name, metadata_=dict(metadata or {}))
        .on_conflict_do_nothing(index_elements=["name"])
        .returning(Role.id)
    )
    if role_id is None:
        raise RoleTaken
    _store(role_id, permissions)
    _record("role_created", actor_id, role=name, permissions=sorted(permissions))
    return find_role(role_id)


def update_role(
    role_id: UUID,
    changes: Mapping[str, Any],
    *,
    versions: Container[int] | None = None,
    actor_id: UUID | None = None,
) -> Role:
    """Change a role: its name, permissions and metadata.

    Args:
        role_id: The role.
        changes: New values by attribute. ``permissions`` replaces all; a dormant one may stay.
        versions: The versions that the caller accepts; None for any.
        actor_id: Who changes it; None for an operator, who may do everything.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since.
        SystemRole: It is the system role.
        UnknownPermission: No feature declares one of the permissions, and the role lacks it.
        Forbidden: The actor lacks a permission of before or after, or has the role itself.
        RoleTaken: Another role has the name.
    """
    role = _lock(role_id, versions)
    before = frozenset(one.permission for one in role.grants)
    after = frozenset(changes.get("permissions", before))
    _require_declared(after - before)
    _require_edit(role, actor_id, before, after)
    if "name" in changes and changes["name"] != role.name:
        _rename(role, changes["name"])
    session.execute(
        sa.update(Role)
        .where(Role.id == role_id)
        .values(
            version=Role.version + 1,
            **{name: value for name, value in changes.items() if name == "metadata_"},
        )
    )
    _replace(role_id, before, after)
    _record("role_changed", actor_id, role=role.name, permissions=sorted(after))
    session.expire(role)
    return find_role(role_id)


def delete_role(role_id: UUID, *, actor_id: UUID | None = None) -> None:
    """Delete a role. The foreign key decides whether an account has it.

    Raises:
        NotFound: It does not exist.
        SystemRole: It is the system role.
        Forbidden: The actor lacks one of its permissions, or has the role itself.
        RoleInUse: An account has the role.
    """
    role = _lock(role_id, None)
    before = frozenset(one.permission for one in role.grants)
    _require_edit(role, actor_id, before)
    try:
        session.execute(sa.delete(Role).where(Role.id == role_id))
    except IntegrityError as error:
        raise RoleInUse from error
    _record("role_deleted", actor_id, role=role.name)


def _lock(role_id: UUID, versions: Container[int] | None) -> Role:
    one = sa.select(Role).where(Role.id == role_id).options(_WITH_GRANTS)
    # The permissions are read by the statement after the one that waits for the lock.
    role = found(session.scalar(refreshed(locked(one))))
    if role.is_system:
        raise SystemRole
    if versions is not None and role.version not in versions:
        raise StaleVersion
    return role


def _require_edit(role: Role, actor_id: UUID | None, *permissions: frozenset[str]) -> None:
    if actor_id is None:
        return
    actor = standing.held_by([actor_id])[actor_id]
    standing.require_grant(actor, *map(Held, permissions))
    if role.id in actor.roles and not actor.is_system:
        raise Forbidden("You have this role yourself.")


def _require_declared(permissions: Collection[str]) -> None:
    unknown = sorted(set(permissions) - current_composition().permissions)
    if unknown:
        raise UnknownPermission(unknown)


def _rename(role: Role, name: str) -> None:
    with refuse({unique_key(Role, "name"): RoleTaken}):
        role.name = name


def _replace(role_id: UUID, before: frozenset[str], after: frozenset[str]) -> None:
    if dropped := before - after:
        of_role = RolePermission.role_id == role_id
        session.execute(
            sa.delete(RolePermission).where(of_role, RolePermission.permission.in_(dropped))
        )
    _store(role_id, after - before)
    if after and not before:
        holders = sa.select(UserRole.user_id).where(UserRole.role_id == role_id)
        lifetimes.shorten(Session.user_id.in_(holders))


def _store(role_id: UUID, permissions: Iterable[str]) -> None:
    rows = [{"role_id": role_id, "permission": name} for name in sorted(permissions)]
    if rows:
        session.execute(sa.insert(RolePermission).values(rows))


def _record(what: str, actor_id: UUID | None, **facts: Any) -> None:
    audit.record(None, what, actor_id=actor_id, data=facts)


def list_permissions() -> list[dict[str, Any]]:
    """Return the permissions that features declare, and the dormant ones that roles store."""
    composition = current_composition()
    described = [composition.host_permissions, *(one.permissions for one in composition.features)]
    declared = {name: text for permissions in described for name, text in permissions.items()}
    stored = session.scalars(sa.select(RolePermission.permission).distinct())
    return [
        {"name": name, "description": declared.get(name), "dormant": name not in declared}
        for name in sorted({*declared, *stored})
    ]
