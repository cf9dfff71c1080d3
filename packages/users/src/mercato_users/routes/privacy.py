"""Endpoints of exports and erasures of a person's data."""

from typing import Any
from uuid import UUID

from flask import Response, url_for

from mercato_kit.errors import StepUpRequired
from mercato_kit.http import always
from mercato_kit.identity import current_principal
from mercato_kit.policies import anyone_as_guest, fresh, permission, person
from mercato_kit.privacy import Request
from mercato_users import services
from mercato_users.clients import this_client
from mercato_users.errors import (
    InvalidCredentials,
    InvalidTransition,
    LastAdministrator,
    TokenExpired,
)
from mercato_users.permissions import ERASE
from mercato_users.routes.blueprint import actor_id, blueprint, caller_id
from mercato_users.schemas import (
    AccountClosingSchema,
    ErasureSchema,
    ExportSchema,
    ReasonSchema,
    TokenOnlySchema,
)

_MAY_ERASE = fresh(permission(ERASE))


@always
def _prove(body: dict[str, Any]) -> services.Proof:
    return services.verify_caller(current_principal, body["current_password"])


@blueprint.delete(
    "/users/me",
    allow=person,
    idempotent=True,
    refuses=[InvalidCredentials, LastAdministrator, StepUpRequired],
    prepare=_prove,
)
@blueprint.arguments(AccountClosingSchema)
@blueprint.response(202, ErasureSchema)
def close_me(_body: dict[str, Any], prepared: services.Proof) -> services.Erasure:
    """Close the caller's account, and erase the data of its owner from all features

    The erasure begins at `due_at`. Until then, a mailed link cancels it.
    """
    return services.close_own_account(current_principal, prepared, this_client())


@blueprint.post("/users/me/erasure/cancel", allow=anyone_as_guest, refuses=[TokenExpired])
@blueprint.arguments(TokenOnlySchema)
@blueprint.response(204)
def cancel_erasure(body: dict[str, Any]) -> None:
    """Keep an account that is closing, with the token of the mailed link"""
    services.cancel_erasure(body["token"], this_client())


@blueprint.post("/users/me/export", allow=fresh(person), idempotent=True)
@blueprint.response(202, ExportSchema)
def request_export() -> tuple[Request, int, dict[str, str]]:
    """Ask for a copy of the caller's data from all features

    While one is being made, there is no second.
    """
    export = services.request_export(caller_id(), this_client(), actor_id=caller_id())
    return export, 202, {"Location": url_for(".read_export", export_id=export.id)}


@blueprint.get("/users/me/exports/<uuid:export_id>", allow=person)
@blueprint.response(200, ExportSchema)
def read_export(export_id: UUID) -> Request:
    """Get an export of the caller's data: how far it is"""
    return services.find_export(caller_id(), export_id)


@blueprint.get("/users/me/exports/<uuid:export_id>/file", allow=person)
@blueprint.response(200, content_type="application/zip")
def read_export_file(export_id: UUID) -> Response:
    """Get the file of an export: a zip with a report and a JSON file for each feature

    It is kept for 7 days.
    """
    file = services.read_export(caller_id(), export_id)
    name = {"Content-Disposition": 'attachment; filename="personal-data.zip"'}
    return Response(file, mimetype="application/zip", headers=name)


@blueprint.post("/users/<uuid:user_id>/export", allow=_MAY_ERASE, idempotent=True)
@blueprint.response(202, ExportSchema)
def request_export_for(user_id: UUID) -> Request:
    """Ask for a copy of a person's data from all features; its owner alone can read it

    You can ask for accounts that hold no permission that you lack.
    """
    return services.request_export(user_id, actor_id=actor_id())


@blueprint.post(
    "/users/<uuid:user_id>/erase",
    allow=_MAY_ERASE,
    idempotent=True,
    refuses=[InvalidTransition, LastAdministrator],
)
@blueprint.arguments(ReasonSchema)
@blueprint.response(202, ErasureSchema)
def erase(body: dict[str, Any], user_id: UUID) -> services.Erasure:
    """Close an account, and erase the data of its owner from all features

    The erasure begins at `due_at`. Until then, a link that the owner gets cancels it.
    """
    return services.close_account(user_id, reason=body["reason"], actor_id=actor_id())
