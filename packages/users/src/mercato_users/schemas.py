"""JSON schemas of users."""

from typing import ClassVar

import marshmallow as ma
from marshmallow import fields, validate

from mercato_kit.http import ListQuerySchema, page_of
from mercato_kit.schemas import (
    Email,
    Instant,
    Line,
    Message,
    Metadata,
    ModelSchema,
    Password,
    Schema,
    Text,
)
from mercato_users import passwords
from mercato_users.models import User
from mercato_users.values import NewUser

_BLANK = Message("Must not be blank; send null for no value.", "blank")
_TAG = Message("Not a valid BCP 47 tag.", "format")
_NUMBER = Message("Not a valid E.164 number.", "format")
_filled = validate.Regexp(r"\s*\S.*\Z", error=_BLANK)
_locale = validate.Regexp(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z", error=_TAG)
_phone = validate.Regexp(r"\+[1-9][0-9]{6,14}\Z", error=_NUMBER)


class NewUserSchema(Schema):
    """A registration."""

    makes = NewUser

    email = Email(required=True)
    password = Password(
        min=passwords.SHORTEST,
        max=passwords.LONGEST,
        required=True,
        load_only=True,
        metadata={"description": "12 to 128 characters; well-known passwords are refused"},
    )
    given_name = Line(max=100, allow_none=True, validate=_filled)
    family_name = Line(max=100, allow_none=True, validate=_filled)
    locale = Line(max=35, allow_none=True, validate=_locale, metadata={"description": "BCP 47"})


class EmailOnlySchema(Schema):
    """An address to mail a link to."""

    email = Email(required=True)


class TokenOnlySchema(Schema):
    """The token of a mailed link."""

    token = Line(min=1, max=200, required=True)


class NewPasswordSchema(Schema):
    """The token of a mailed link, and the new password."""

    token = Line(min=1, max=200, required=True)
    password = Password(
        min=passwords.SHORTEST, max=passwords.LONGEST, required=True, load_only=True
    )


class TypedPassword(Password):
    """A password to verify, as it was typed: its hash may be of that form."""

    form = None


class CredentialsSchema(Schema):
    """The credentials of a login."""

    email = Line(min=1, max=254, required=True)
    password = TypedPassword(min=1, max=1000, required=True, load_only=True)


class RefreshSchema(Schema):
    """The refresh token to exchange."""

    refresh_token = Line(min=1, max=200, required=True)


class ProfileSchema(Schema):
    """Changes of the caller's profile."""

    given_name = Line(max=100, allow_none=True, validate=_filled)
    family_name = Line(max=100, allow_none=True, validate=_filled)
    phone_number = Line(max=20, allow_none=True, validate=_phone, metadata={"description": "E.164"})
    locale = Line(max=35, allow_none=True, validate=_locale, metadata={"description": "BCP 47"})
    metadata = Metadata(attribute="metadata_")


class UserSchema(ModelSchema):
    """A user."""

    class Meta(ModelSchema.Meta):
        model = User
        fields = (
            "id",
            "email",
            "email_verified",
            "given_name",
            "family_name",
            "phone_number",
            "locale",
            "status",
            "metadata",
            "version",
            "created_at",
            "updated_at",
        )

    email_verified = fields.Boolean(required=True)
    metadata = Metadata(attribute="metadata_", required=True)


UserListSchema = page_of(UserSchema)


class UserListQuerySchema(ListQuerySchema):
    """Filters of the list of users."""

    sorts: ClassVar[tuple[str, ...]] = ("created_at",)

    q = Line(min=1, max=100, metadata={"description": "Part of the e-mail address or a name"})
    status = fields.String(validate=validate.OneOf(["active", "suspended", "erased"]))
    role = Line(min=1, max=50)
    created_at_gte = Instant(data_key="created_at[gte]")
    created_at_lte = Instant(data_key="created_at[lte]")


class ReasonSchema(Schema):
    """The reason for a change of an account."""

    reason = Text(max=500, load_default=None, allow_none=True)


class TokensSchema(ma.Schema):
    """The tokens of a session."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds"})
    refresh_token = fields.String(required=True)


class LoginSchema(TokensSchema):
    """The first tokens of a session, and its user."""

    user = fields.Nested(UserSchema, required=True)


class NothingSchema(ma.Schema):
    """An empty object."""


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
