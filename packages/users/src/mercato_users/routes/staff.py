"""Endpoints of accounts and their audit trail, for staff."""

from typing import Any
from uuid import UUID

from mercato_kit.http import if_match
from mercato_kit.policies import fresh, permission
from mercato_kit.views import Shown
from mercato_users import services
from mercato_users.errors import InvalidTransition, LastAdministrator
from mercato_users.permissions import AUDIT_READ, READ, WRITE
from mercato_users.routes.blueprint import PERSON, actor_id, blueprint
from mercato_users.schemas import (
    AllAuditEventsQuerySchema,
    AuditEventListSchema,
    AuditEventQuerySchema,
    ReasonSchema,
    UserChangesSchema,
    UserListQuerySchema,
    UserListSchema,
    UserSchema,
)

_MAY_READ = permission(READ)
_MAY_WRITE = fresh(permission(WRITE))


@blueprint.get("/users", allow=_MAY_READ, expands=PERSON)
@blueprint.arguments(UserListQuerySchema, location="query")
@blueprint.response(200, UserListSchema)
def list_users(query: dict[str, Any]) -> Shown:
    """List users"""
    return services.list_users(**query)


@blueprint.get("/users/<uuid:user_id>", allow=_MAY_READ, expands=PERSON)
@blueprint.response(200, UserSchema)
def read_user(user_id: UUID) -> Shown:
    """Get a user"""
    return services.find_user(user_id)


@blueprint.post(
    "/users/<uuid:user_id>/suspend",
    allow=_MAY_WRITE,
    refuses=[InvalidTransition, LastAdministrator],
)
@blueprint.arguments(ReasonSchema)
@blueprint.response(204)
def suspend(body: dict[str, Any], user_id: UUID) -> None:
    """Suspend an account; its sessions end immediately"""
    services.suspend_user(user_id, reason=body["reason"], actor_id=actor_id())


@blueprint.post("/users/<uuid:user_id>/reactivate", allow=_MAY_WRITE, refuses=[InvalidTransition])
@blueprint.arguments(ReasonSchema)
@blueprint.response(204)
def reactivate(body: dict[str, Any], user_id: UUID) -> None:
    """Reactivate a suspended account"""
    services.reactivate_user(user_id, reason=body["reason"], actor_id=actor_id())


@blueprint.post("/users/<uuid:user_id>/revoke-sessions", allow=_MAY_WRITE)
@blueprint.arguments(ReasonSchema)
@blueprint.response(204)
def revoke_sessions(body: dict[str, Any], user_id: UUID) -> None:
    """End all sessions of an account"""
    services.revoke_sessions(user_id, reason=body["reason"], actor_id=actor_id())


@blueprint.patch(
    "/users/<uuid:user_id>", allow=_MAY_WRITE, if_match=True, refuses=[LastAdministrator]
)
@blueprint.arguments(UserChangesSchema)
@blueprint.response(200, UserSchema)
def change_user(body: dict[str, Any], user_id: UUID) -> Shown:
    """Change roles, status and metadata of an account

    You can change accounts, and give and take roles, that hold no permission that you lack.
    """
    return services.update_user(user_id, body, versions=if_match(), actor_id=actor_id())


@blueprint.get("/users/<uuid:user_id>/audit-events", allow=_MAY_READ)
@blueprint.arguments(AuditEventQuerySchema, location="query")
@blueprint.response(200, AuditEventListSchema)
def list_audit_events_of_user(query: dict[str, Any], user_id: UUID) -> Shown:
    """List what happened to an account"""
    return services.list_events(query.pop("page"), user_id=user_id, **query)


@blueprint.get("/audit-events", allow=permission(AUDIT_READ))
@blueprint.arguments(AllAuditEventsQuerySchema, location="query")
@blueprint.response(200, AuditEventListSchema)
def list_audit_events(query: dict[str, Any]) -> Shown:
    """List what happened to all accounts and roles"""
    return services.list_events(query.pop("page"), **query)
