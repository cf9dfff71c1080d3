"""Endpoints of roles and permissions, for staff."""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.http import Page, if_match
from mercato_kit.policies import fresh, permission
from mercato_users import services
from mercato_users.errors import RoleInUse, RoleTaken, SystemRole
from mercato_users.models import Role
from mercato_users.permissions import ROLES_WRITE
from mercato_users.routes.blueprint import actor_id, blueprint
from mercato_users.schemas import (
    NewRoleSchema,
    PermissionsSchema,
    RoleChangesSchema,
    RoleListQuerySchema,
    RoleListSchema,
    RoleSchema,
)

_MAY_READ = permission(ROLES_WRITE)
_MAY_WRITE = fresh(_MAY_READ)


@blueprint.get("/permissions", allow=_MAY_READ)
@blueprint.response(200, PermissionsSchema)
def list_permissions() -> dict[str, Any]:
    """List the permissions that roles can hold

    A dormant one is stored with a role, but no enabled feature declares it, so it gives nothing.
    """
    return {"data": services.list_permissions()}


@blueprint.get("/roles", allow=_MAY_READ)
@blueprint.arguments(RoleListQuerySchema, location="query")
@blueprint.response(200, RoleListSchema)
def list_roles(query: dict[str, Any]) -> Page[Role]:
    """List roles"""
    return services.list_roles(query["page"])


@blueprint.get("/roles/<uuid:role_id>", allow=_MAY_READ)
@blueprint.response(200, RoleSchema)
def read_role(role_id: UUID) -> Role:
    """Get a role"""
    return services.find_role(role_id)


@blueprint.post("/roles", allow=_MAY_WRITE, refuses=[RoleTaken])
@blueprint.arguments(NewRoleSchema)
@blueprint.response(201, RoleSchema)
def create_role(body: dict[str, Any]) -> tuple[Role, int, dict[str, str]]:
    """Make a role

    It can hold permissions that you have.
    """
    role = services.create_role(**body, actor_id=actor_id())
    return role, 201, {"Location": url_for(".read_role", role_id=role.id)}


@blueprint.patch(
    "/roles/<uuid:role_id>", allow=_MAY_WRITE, if_match=True, refuses=[RoleTaken, SystemRole]
)
@blueprint.arguments(RoleChangesSchema)
@blueprint.response(200, RoleSchema)
def change_role(body: dict[str, Any], role_id: UUID) -> Role:
    """Change a role

    You can change roles that hold, before and after, permissions that you have, and that are not
    your own.
    """
    return services.update_role(role_id, body, versions=if_match(), actor_id=actor_id())


@blueprint.delete("/roles/<uuid:role_id>", allow=_MAY_WRITE, refuses=[RoleInUse, SystemRole])
@blueprint.response(204)
def delete_role(role_id: UUID) -> None:
    """Delete a role that no account has"""
    services.delete_role(role_id, actor_id=actor_id())
