"""Endpoints of logins and sessions."""

from typing import Any
from uuid import UUID

from mercato_kit.errors import StepUpRequired, Unauthenticated
from mercato_kit.http import Page, always
from mercato_kit.identity import current_principal
from mercato_kit.policies import anyone, anyone_as_guest, person
from mercato_kit.views import Shown
from mercato_users import access_tokens, services
from mercato_users.errors import (
    ChallengeExpired,
    InvalidCode,
    InvalidCredentials,
    RefreshTokenReused,
    SecondFactorUnavailable,
    TooManyLogins,
)
from mercato_users.models import Session
from mercato_users.routes.blueprint import blueprint, caller_id, this_client, well_known
from mercato_users.schemas import (
    LOGIN_ANSWERS,
    AccessTokenSchema,
    CredentialsSchema,
    FactorLoginSchema,
    KeySetSchema,
    LoginSchema,
    MfaRequiredSchema,
    NothingSchema,
    OwnMailSchema,
    RefreshSchema,
    SessionEndQuerySchema,
    SessionListQuerySchema,
    SessionListSchema,
    StepUpSchema,
    TokensSchema,
)
from mercato_users.values import Answer, Credentials


@always
def _verify(body: Credentials) -> services.Attempt:
    return services.verify_login(body, this_client())


@blueprint.post(
    "/auth/login",
    allow=anyone_as_guest,
    refuses=[InvalidCredentials, TooManyLogins, SecondFactorUnavailable],
    prepare=_verify,
)
@blueprint.arguments(CredentialsSchema)
@blueprint.response(200, LOGIN_ANSWERS)
def log_in(_body: Credentials, prepared: services.Attempt) -> Shown:
    """Log in

    A wrong address, a wrong password and an inactive account get the same response. For an account
    with a second factor, it is a challenge.
    """
    answer = services.log_in(prepared, this_client())
    schema = LoginSchema if isinstance(answer, services.Login) else MfaRequiredSchema
    return Shown(schema().dump(answer))


@blueprint.post("/auth/mfa", allow=anyone_as_guest, refuses=[InvalidCode, ChallengeExpired])
@blueprint.arguments(FactorLoginSchema)
@blueprint.response(200, LoginSchema)
def complete_login(body: Answer) -> services.Login:
    """Complete a login with the second factor"""
    return services.complete_login(body, this_client())


@blueprint.post("/auth/login-link", allow=anyone_as_guest)
@blueprint.arguments(OwnMailSchema)
@blueprint.response(202, NothingSchema)
def request_login_link(body: dict[str, Any]) -> dict[str, Any]:
    """Mail a link to log in, for an account whose attempts strangers have used up

    Its token goes into a login as `pass`, beside the password.
    """
    services.request_login_link(body["email"], this_client(), body["device_token"])
    return {}


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
    return services.refresh_tokens(body["refresh_token"], this_client())


@blueprint.post("/auth/logout", allow=person)
@blueprint.response(204)
def log_out() -> None:
    """Log out

    The tokens of the session are refused from the next request on.
    """
    if current_principal.session_id is not None:
        services.log_out(current_principal.session_id)


@always
def _prove(body: dict[str, Any]) -> services.Proof | None:
    if "password" not in body:
        return None
    return services.verify_caller(current_principal, body["password"])


@blueprint.post(
    "/auth/step-up",
    allow=person,
    refuses=[InvalidCredentials, StepUpRequired, InvalidCode, ChallengeExpired],
    prepare=_prove,
)
@blueprint.arguments(StepUpSchema)
@blueprint.response(200, AccessTokenSchema)
def step_up(body: dict[str, Any], prepared: services.Proof | None) -> services.AccessToken:
    """Prove your identity again, for what this session may only do shortly after

    With the password or, where the account has a second factor, an answer to a challenge. After
    ten wrong ones the session ends.
    """
    if prepared is None:
        return services.step_up_with_factor(current_principal, Answer(**body), this_client())
    return services.step_up(current_principal, prepared, this_client())


@blueprint.get("/users/me/sessions", allow=person)
@blueprint.arguments(SessionListQuerySchema, location="query")
@blueprint.response(200, SessionListSchema)
def list_sessions(query: dict[str, Any]) -> Page[Session]:
    """List the caller's sessions"""
    return services.list_sessions(caller_id(), query["page"])


@blueprint.delete("/users/me/sessions", allow=person)
@blueprint.arguments(SessionEndQuerySchema, location="query")
@blueprint.response(204)
def end_sessions(query: dict[str, Any]) -> None:
    """End all other sessions of the caller, or all of them"""
    kept = None if query["current"] else current_principal.session_id
    services.end_other_sessions(caller_id(), kept, this_client())


@blueprint.delete("/users/me/sessions/<uuid:session_id>", allow=person)
@blueprint.response(204)
def end_session(session_id: UUID) -> None:
    """End a session of the caller"""
    services.end_session(caller_id(), session_id, this_client(), actor_id=caller_id())


@well_known.get("/.well-known/jwks.json", allow=anyone, public_cache=True)
@well_known.response(200, KeySetSchema)
def read_keys() -> dict[str, Any]:
    """Get the public keys of access tokens"""
    return access_tokens.key_set()
