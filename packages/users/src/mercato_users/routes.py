"""Endpoints of accounts, sessions and profiles."""

from typing import Any
from uuid import UUID

from flask import request

from mercato_contracts.people import People
from mercato_kit.errors import Unauthenticated
from mercato_kit.http import Blueprint, if_match
from mercato_kit.identity import current_principal
from mercato_kit.policies import anyone, anyone_as_guest, permission, signed_in
from mercato_kit.views import Shown
from mercato_users import access_tokens, services
from mercato_users.clients import Client
from mercato_users.errors import (
    InvalidCredentials,
    InvalidTransition,
    RefreshTokenReused,
    TokenExpired,
)
from mercato_users.glossary import GLOSSARY
from mercato_users.models import User
from mercato_users.permissions import READ, WRITE
from mercato_users.schemas import (
    CredentialsSchema,
    EmailOnlySchema,
    KeySetSchema,
    LoginSchema,
    NewPasswordSchema,
    NewUserSchema,
    NothingSchema,
    ProfileSchema,
    ReasonSchema,
    RefreshSchema,
    TokenOnlySchema,
    TokensSchema,
    UserListQuerySchema,
    UserListSchema,
    UserSchema,
)
from mercato_users.values import NewUser

blueprint = Blueprint(
    "users", __name__, url_prefix="/v1", description="Accounts and logins", glossary=GLOSSARY
)
PERSON = (People, "person")
"""What other features may add members to: ``expand``."""

well_known = Blueprint("users_keys", __name__, description="Public keys of access tokens")


@blueprint.post("/users", allow=anyone_as_guest)
@blueprint.arguments(NewUserSchema)
@blueprint.response(202, NothingSchema)
def register(body: NewUser) -> dict[str, Any]:
    """Register

    The response is the same whether or not an account with this address exists. Its owner is
    notified by mail.
    """
    services.register(body)
    return {}


@blueprint.post("/users/verify-email", allow=anyone_as_guest, refuses=[TokenExpired])
@blueprint.arguments(TokenOnlySchema)
@blueprint.response(204)
def verify_email(body: dict[str, Any]) -> None:
    """Verify an e-mail address with the token of a mailed link"""
    services.verify_email(body["token"], _client())


@blueprint.post("/users/verify-email/resend", allow=anyone_as_guest)
@blueprint.arguments(EmailOnlySchema)
@blueprint.response(202, NothingSchema)
def request_verification(body: dict[str, Any]) -> dict[str, Any]:
    """Mail another verification link, if an account is waiting for verification"""
    services.request_verification(body["email"])
    return {}


@blueprint.post("/auth/login", allow=anyone_as_guest, refuses=[InvalidCredentials])
@blueprint.arguments(CredentialsSchema)
@blueprint.response(200, LoginSchema)
def log_in(body: dict[str, Any]) -> services.Login:
    """Log in

    A wrong address, a wrong password and an inactive account get the same response.
    """
    return services.log_in(body["email"], body["password"], _client())


@blueprint.post(
    "/auth/refresh", allow=anyone_as_guest, refuses=[RefreshTokenReused, Unauthenticated]
)
@blueprint.arguments(RefreshSchema)
@blueprint.response(200, TokensSchema)
def refresh(body: dict[str, Any]) -> services.Tokens:
    """Exchange a refresh token for new tokens

    A repeated request within a few seconds returns the same tokens. A token that is used again
    later ends the session.
    """
    return services.refresh_tokens(body["refresh_token"], _client())


@blueprint.post("/auth/logout", allow=signed_in)
@blueprint.response(204)
def log_out() -> None:
    """Log out

    The tokens of the session are refused from the next request on.
    """
    services.log_out(_require(current_principal.session_id))


@blueprint.post("/auth/password/forgot", allow=anyone_as_guest)
@blueprint.arguments(EmailOnlySchema)
@blueprint.response(202, NothingSchema)
def forgot_password(body: dict[str, Any]) -> dict[str, Any]:
    """Mail a link to set a new password, if an account with this address exists"""
    services.request_password_reset(body["email"])
    return {}


@blueprint.post("/auth/password/reset", allow=anyone_as_guest, refuses=[TokenExpired])
@blueprint.arguments(NewPasswordSchema)
@blueprint.response(204)
def reset_password(body: dict[str, Any]) -> None:
    """Set a new password with the token of a mailed link; all sessions end"""
    services.reset_password(body["token"], body["password"], _client())


@blueprint.get("/users/me", allow=signed_in, expands=PERSON)
@blueprint.response(200, UserSchema)
def read_me() -> Shown:
    """Get the caller's account"""
    return services.find_user(_require(current_principal.sub))


@blueprint.patch("/users/me", allow=signed_in, if_match=True)
@blueprint.arguments(ProfileSchema)
@blueprint.response(200, UserSchema)
def change_me(body: dict[str, Any]) -> User:
    """Change the caller's profile"""
    return services.update_profile(_require(current_principal.sub), body, versions=if_match())


@blueprint.get("/users", allow=permission(READ), expands=PERSON)
@blueprint.arguments(UserListQuerySchema, location="query")
@blueprint.response(200, UserListSchema)
def list_users(query: dict[str, Any]) -> Shown:
    """List users"""
    return services.list_users(**query)


@blueprint.get("/users/<uuid:user_id>", allow=permission(READ), expands=PERSON)
@blueprint.response(200, UserSchema)
def read_user(user_id: UUID) -> Shown:
    """Get a user"""
    return services.find_user(user_id)


@blueprint.post(
    "/users/<uuid:user_id>/suspend", allow=permission(WRITE), refuses=[InvalidTransition]
)
@blueprint.arguments(ReasonSchema)
@blueprint.response(204)
def suspend(body: dict[str, Any], user_id: UUID) -> None:
    """Suspend an account; its sessions end immediately"""
    services.suspend_user(user_id, reason=body["reason"], actor_id=current_principal.sub)


@blueprint.post(
    "/users/<uuid:user_id>/reactivate", allow=permission(WRITE), refuses=[InvalidTransition]
)
@blueprint.arguments(ReasonSchema)
@blueprint.response(204)
def reactivate(body: dict[str, Any], user_id: UUID) -> None:
    """Reactivate a suspended account"""
    services.reactivate_user(user_id, reason=body["reason"], actor_id=current_principal.sub)


@well_known.get("/.well-known/jwks.json", allow=anyone, public_cache=True)
@well_known.response(200, KeySetSchema)
def read_keys() -> dict[str, Any]:
    """Get the public keys of access tokens"""
    return access_tokens.key_set()


def _require(identity: UUID | None) -> UUID:
    """Return *identity*; refuse a token without it, which this feature never issues."""
    if identity is None:
        raise Unauthenticated(invalid_token=True)
    return identity


def _client() -> Client:
    return Client(address=request.remote_addr, user_agent=request.headers.get("User-Agent"))
