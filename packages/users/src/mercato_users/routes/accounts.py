"""Endpoints of registration, and of passwords and addresses that a mailed link sets."""

from typing import Any

from mercato_kit.http import always
from mercato_kit.policies import anyone_as_guest
from mercato_users import services
from mercato_users.clients import this_client
from mercato_users.errors import TokenExpired
from mercato_users.routes import cookies
from mercato_users.routes.blueprint import blueprint
from mercato_users.schemas import (
    EmailOnlySchema,
    NewPasswordSchema,
    NewUserSchema,
    NothingSchema,
    OwnMailSchema,
    TokenOnlySchema,
)
from mercato_users.values import NewUser


@always
def _prepare_registration(body: NewUser) -> services.Registration:
    return services.prepare_registration(body, this_client())


@blueprint.post("/users", allow=anyone_as_guest, prepare=_prepare_registration)
@blueprint.arguments(NewUserSchema)
@blueprint.response(202, NothingSchema)
def register(_body: NewUser, prepared: services.Registration) -> dict[str, Any]:
    """Register

    The response is the same whether or not an account with this address exists. Its owner is
    notified by mail.
    """
    services.register(prepared)
    return {}


@blueprint.post("/users/verify-email", allow=anyone_as_guest, refuses=[TokenExpired])
@blueprint.arguments(TokenOnlySchema)
@blueprint.response(204)
def verify_email(body: dict[str, Any]) -> None:
    """Verify an e-mail address with the token of a mailed link"""
    services.verify_email(body["token"], this_client())


@blueprint.post("/users/verify-email/resend", allow=anyone_as_guest)
@blueprint.arguments(EmailOnlySchema)
@blueprint.response(202, NothingSchema)
def request_verification(body: dict[str, Any]) -> dict[str, Any]:
    """Mail another verification link, if an account is waiting for verification"""
    services.request_verification(body["email"], this_client())
    return {}


@blueprint.post("/auth/password/forgot", allow=anyone_as_guest)
@blueprint.arguments(OwnMailSchema)
@blueprint.response(202, NothingSchema)
def forgot_password(body: dict[str, Any]) -> dict[str, Any]:
    """Mail a link to set a new password, if an account with this address exists"""
    device_token = body["device_token"] or cookies.device_token()
    services.request_password_reset(body["email"], this_client(), device_token)
    return {}


@blueprint.post("/auth/password/reset", allow=anyone_as_guest, refuses=[TokenExpired])
@blueprint.arguments(NewPasswordSchema)
@blueprint.response(204)
def reset_password(body: dict[str, Any]) -> None:
    """Set a new password with the token of a mailed link; all sessions end"""
    services.reset_password(body["token"], body["password"], this_client())


@blueprint.post("/users/me/email/confirm", allow=anyone_as_guest, refuses=[TokenExpired])
@blueprint.arguments(TokenOnlySchema)
@blueprint.response(204)
def confirm_email(body: dict[str, Any]) -> None:
    """Change the e-mail address of an account with the token of a link mailed to the new one

    All sessions end but the one that asked for the change. The old address gets a link to undo it.
    """
    services.confirm_email(body["token"], this_client())


@blueprint.post("/users/me/email/undo", allow=anyone_as_guest, refuses=[TokenExpired])
@blueprint.arguments(TokenOnlySchema)
@blueprint.response(204)
def undo_email(body: dict[str, Any]) -> None:
    """Undo a change of the e-mail address with the token of a link mailed to the former one

    All sessions end, the password is void, and a link to set a new one is mailed.
    """
    services.undo_email(body["token"], this_client())
