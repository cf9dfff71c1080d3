"""Endpoints of invitations: staff send them, and people accept them."""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.errors import Forbidden, NotForKeys
from mercato_kit.http import always
from mercato_kit.identity import current_principal
from mercato_kit.policies import anyone, fresh, permission
from mercato_kit.views import Shown
from mercato_users import services
from mercato_users.clients import this_client
from mercato_users.errors import AccountExists, AlreadyInvited, InvitationAccepted, TokenExpired
from mercato_users.permissions import READ, WRITE
from mercato_users.routes.blueprint import actor_id, blueprint
from mercato_users.schemas import (
    AcceptanceSchema,
    InvitationListQuerySchema,
    InvitationListSchema,
    InvitationSchema,
    NewInvitationSchema,
)

_MAY_READ = permission(READ)
_MAY_WRITE = fresh(permission(WRITE))


@blueprint.post("/invitations", allow=_MAY_WRITE, idempotent=True, refuses=[AlreadyInvited])
@blueprint.arguments(NewInvitationSchema)
@blueprint.response(201, InvitationSchema)
def invite(body: dict[str, Any]) -> tuple[Shown, int, dict[str, str]]:
    """Invite a person to an account with roles; a link is mailed

    The roles can hold permissions that you have.
    """
    made = services.invite(**body, actor_id=actor_id(), client=this_client())
    location = url_for(".read_invitation", invitation_id=made.content["id"])
    return made, 201, {"Location": location}


@blueprint.get("/invitations", allow=_MAY_READ)
@blueprint.arguments(InvitationListQuerySchema, location="query")
@blueprint.response(200, InvitationListSchema)
def list_invitations(query: dict[str, Any]) -> Shown:
    """List invitations"""
    return services.list_invitations(query["page"])


@blueprint.get("/invitations/<uuid:invitation_id>", allow=_MAY_READ)
@blueprint.response(200, InvitationSchema)
def read_invitation(invitation_id: UUID) -> Shown:
    """Get an invitation"""
    return services.find_invitation(invitation_id)


@blueprint.post(
    "/invitations/<uuid:invitation_id>/resend", allow=_MAY_WRITE, refuses=[InvitationAccepted]
)
@blueprint.response(200, InvitationSchema)
def resend_invitation(invitation_id: UUID) -> Shown:
    """Mail another link of an invitation; the one before is void"""
    return services.resend_invitation(invitation_id, actor_id=actor_id(), client=this_client())


@blueprint.delete(
    "/invitations/<uuid:invitation_id>", allow=_MAY_WRITE, refuses=[InvitationAccepted]
)
@blueprint.response(204)
def revoke_invitation(invitation_id: UUID) -> None:
    """Revoke an invitation; its link is void"""
    services.revoke_invitation(invitation_id, actor_id=actor_id(), client=this_client())


@always
def _prepare(body: dict[str, Any]) -> str | None:
    return services.prepare_acceptance(body["token"], body["password"])


@blueprint.post(
    "/invitations/accept",
    allow=anyone,
    refuses=[AccountExists, Forbidden, NotForKeys, TokenExpired],
    prepare=_prepare,
)
@blueprint.arguments(AcceptanceSchema)
@blueprint.response(204)
def accept_invitation(body: dict[str, Any], prepared: str | None) -> None:
    """Accept an invitation with the token of its link

    It makes an account with the password. If there is one with this address, sign in to it first.
    """
    services.accept_invitation(body["token"], prepared, current_principal, this_client())
