"""Endpoints of logins and sessions."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from mercato_kit.errors import FieldError, Invalid, StepUpRequired, Unauthenticated
from mercato_kit.http import Page, always
from mercato_kit.identity import current_principal
from mercato_kit.policies import anyone, anyone_as_guest, person
from mercato_kit.views import Shown
from mercato_users import access_tokens, services
from mercato_users.clients import this_client
from mercato_users.errors import (
    ChallengeExpired,
    Csrf,
    InvalidCode,
    InvalidCredentials,
    RefreshTokenReused,
    SecondFactorUnavailable,
    TooManyLogins,
)
from mercato_users.models import Session
from mercato_users.routes import cookies
from mercato_users.routes.blueprint import blueprint, caller_id, well_known
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
from mercato_users.values import BODY, COOKIE, Answer, Credentials


@always
def _verify(body: Credentials) -> services.Attempt:
    cookies.check_transport(body.transport)
    device_token = body.device_token or cookies.device_token()
    return services.verify_login(replace(body, device_token=device_token), this_client())


@blueprint.post(
    "/auth/login",
    allow=anyone_as_guest,
    refuses=[InvalidCredentials, TooManyLogins, SecondFactorUnavailable],
    prepare=_verify,
)
@blueprint.arguments(CredentialsSchema)
@blueprint.response(200, LOGIN_ANSWERS)
def log_in(body: Credentials, prepared: services.Attempt) -> cookies.Delivered | Shown:
    """Log in

    A wrong address, a wrong password and an inactive account get the same response. For an account
    with a second factor, it is a challenge.
    """
    answer = services.log_in(prepared, this_client())
    if isinstance(answer, services.Login):
        return cookies.deliver(LoginSchema, answer, body.transport)
    return Shown(MfaRequiredSchema().dump(answer))


@blueprint.post("/auth/mfa", allow=anyone_as_guest, refuses=[InvalidCode, ChallengeExpired])
@blueprint.arguments(FactorLoginSchema)
@blueprint.response(200, LoginSchema)
def complete_login(body: Answer) -> cookies.Delivered:
    """Complete a login with the second factor"""
    cookies.check_transport(body.transport)
    device_token = body.device_token or cookies.device_token()
    login = services.complete_login(replace(body, device_token=device_token), this_client())
    return cookies.deliver(LoginSchema, login, body.transport)


@blueprint.post("/auth/login-link", allow=anyone_as_guest)
@blueprint.arguments(OwnMailSchema)
@blueprint.response(202, NothingSchema)
def request_login_link(body: dict[str, Any]) -> dict[str, Any]:
    """Mail a link to log in, for an account whose attempts strangers have used up

    Its token goes into a login as `pass`, beside the password.
    """
    device_token = body["device_token"] or cookies.device_token()
    services.request_login_link(body["email"], this_client(), device_token)
    return {}


@blueprint.post(
    "/auth/refresh", allow=anyone_as_guest, refuses=[RefreshTokenReused, Unauthenticated, Csrf]
)
@blueprint.arguments(RefreshSchema)
@blueprint.response(200, TokensSchema)
def refresh(body: dict[str, Any]) -> cookies.Delivered:
    """Exchange a refresh token for new tokens

    A repeated request within a few seconds returns the same tokens. A token that is used again
    later ends the session. The token of a cookie needs the header `Mercato-CSRF`.
    """
    sent, transport = body["refresh_token"], BODY
    if sent is None:
        sent, transport = _token_of_cookie(), COOKIE
    try:
        tokens = services.refresh_tokens(sent, this_client())
    except RefreshTokenReused:
        if transport == COOKIE:
            cookies.clear()
        raise
    return cookies.deliver(TokensSchema, tokens, transport)


def _token_of_cookie() -> str:
    """Return the refresh token of the cookie, if the request may use it."""
    token = cookies.refresh_token()
    if token is None:
        detail = "Send a refresh token, in the body or in its cookie."
        raise Invalid(detail, errors=[FieldError("/refresh_token", "required", detail)])
    cookies.check_origin()
    return token


@blueprint.post("/auth/logout", allow=cookies.person_or_cookie, refuses=[Csrf])
@blueprint.response(204)
def log_out() -> None:
    """Log out

    The tokens of the session are refused from the next request on. The refresh token of a cookie
    ends its session, too; without an access token, it needs the header `Mercato-CSRF`.
    """
    if current_principal.session_id is not None:
        services.log_out(current_principal.session_id)
    else:
        services.log_out_by_token(_token_of_cookie())
    cookies.clear()


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
