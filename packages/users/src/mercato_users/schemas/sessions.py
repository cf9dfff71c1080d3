"""Logins, sessions and keys in JSON."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from mercato_kit.http import ListQuerySchema, page_of
from mercato_kit.identity import current_principal
from mercato_kit.schemas import Boolean, Line, Message, ModelSchema, QuerySchema, Schema, Text
from mercato_users.models import Session
from mercato_users.schemas.accounts import UserSchema
from mercato_users.schemas.fields import TypedPassword, filled
from mercato_users.values import BODY, COOKIE, Answer, Credentials


def _transport() -> Line:
    what = "`cookie` sends refresh and device token in cookies, where a shop has them enabled"
    return Line(
        max=10,
        load_default=BODY,
        validate=validate.OneOf([BODY, COOKIE]),
        metadata={"description": what},
    )


class CredentialsSchema(Schema):
    """The credentials of a login."""

    makes = Credentials

    email = Line(min=1, max=254, required=True)
    # An empty one is verified, too, so that it takes as long.
    password = TypedPassword(max=1000, required=True, load_only=True)
    device_token = Line(min=1, max=200, load_default=None, allow_none=True)
    mailed_pass = Line(
        min=1,
        max=200,
        load_default=None,
        allow_none=True,
        data_key="pass",
        metadata={"description": "Token of a link of POST /v1/auth/login-link"},
    )
    device_name = Line(max=60, load_default=None, allow_none=True, validate=filled)
    transport = _transport()


_ONE_PROOF = Message("Send a password, or a challenge with method and answer.", "missing")


class RefreshSchema(Schema):
    """The refresh token to exchange."""

    refresh_token = Line(
        min=1,
        max=200,
        load_default=None,
        allow_none=True,
        metadata={"description": "Without one, that of the cookie is exchanged"},
    )


class AnswerSchema(Schema):
    """An answer to a challenge."""

    challenge = Line(min=1, max=200, required=True)
    method = Line(min=1, max=50, required=True)
    answer = Text(min=1, max=20_000, required=True, load_only=True)


class FactorLoginSchema(AnswerSchema):
    """The second step of a login."""

    makes = Answer

    device_token = Line(min=1, max=200, load_default=None, allow_none=True)
    transport = _transport()


class StepUpSchema(Schema):
    """The password of the caller, or its answer to a challenge."""

    password = TypedPassword(min=1, max=1000, load_only=True)
    challenge = Line(min=1, max=200)
    method = Line(min=1, max=50)
    answer = Text(min=1, max=20_000, load_only=True)

    @ma.validates_schema(skip_on_field_errors=True)
    def check_proof(self, data: dict[str, Any], **_: Any) -> None:
        """Check that one proof was sent, and the whole of it."""
        if data.keys() not in ({"password"}, {"challenge", "method", "answer"}):
            raise ma.ValidationError(_ONE_PROOF)


class SessionSchema(ModelSchema):
    """An open session of the caller."""

    class Meta(ModelSchema.Meta):
        model = Session
        fields = ("id", "device", "network", "created_at", "last_seen_at", "acr", "current")

    device = fields.String(required=True, allow_none=True)
    network = fields.String(required=True, allow_none=True, attribute="ip_prefix")
    current = fields.Function(
        lambda login: login.id == current_principal.session_id,
        metadata={"type": "boolean"},
        required=True,
    )


SessionListSchema = page_of(SessionSchema)


class SessionListQuerySchema(ListQuerySchema):
    """The list of sessions."""


class SessionEndQuerySchema(QuerySchema):
    """Which sessions to end."""

    current = Boolean(
        load_default=False, metadata={"description": "End the session of this request, too"}
    )


class AccessTokenSchema(ma.Schema):
    """An access token of a session."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds"})


class TokensSchema(AccessTokenSchema):
    """The tokens of a session."""

    refresh_token = fields.String(metadata={"description": "Not if it is in a cookie"})


class LoginSchema(TokensSchema):
    """The first tokens of a session, and its user."""

    user = fields.Nested(UserSchema, required=True)
    device_token = fields.String(metadata={"description": "Not if it is in a cookie"})
    mfa_enrollment_required = fields.Boolean(required=True)


class MethodSchema(ma.Schema):
    """A way to answer a challenge."""

    method = fields.String(required=True)
    options = fields.Dict(keys=fields.String(), required=True)


class ChallengeSchema(ma.Schema):
    """What the caller answers with a second factor."""

    challenge = fields.String(required=True)
    methods = fields.List(fields.Nested(MethodSchema), required=True)
    expires_in = fields.Integer(
        required=True, metadata={"description": "Seconds until the challenge expires"}
    )


class MfaRequiredSchema(ChallengeSchema):
    """What a login answers first where the account has a second factor."""

    mfa_required = fields.Boolean(required=True, metadata={"enum": [True]})


LOGIN_ANSWERS = {"oneOf": [LoginSchema, MfaRequiredSchema]}
"""What a login answers: the tokens, or a challenge of the second factor."""


class KeySchema(ma.Schema):
    """A public key (RFC 8037)."""

    kty = fields.String(required=True)
    crv = fields.String(required=True)
    x = fields.String(required=True)
    kid = fields.String(required=True, metadata={"description": "RFC 7638 thumbprint"})
    use = fields.String(required=True)
    alg = fields.String(required=True)


class KeySetSchema(ma.Schema):
    """The public keys of access tokens (RFC 7517)."""

    keys = fields.List(fields.Nested(KeySchema), required=True)
