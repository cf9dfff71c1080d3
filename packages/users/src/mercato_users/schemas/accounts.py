"""Accounts in JSON."""

from typing import ClassVar

import marshmallow as ma
from marshmallow import fields, validate

from mercato_kit.http import ListQuerySchema, page_of
from mercato_kit.schemas import (
    Email,
    Instant,
    Line,
    List,
    Metadata,
    ModelSchema,
    Password,
    Schema,
    Text,
)
from mercato_users import passwords
from mercato_users.models import User
from mercato_users.schemas.fields import TypedPassword, filled, is_language, is_phone
from mercato_users.values import NewUser


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
    given_name = Line(max=100, allow_none=True, validate=filled)
    family_name = Line(max=100, allow_none=True, validate=filled)
    locale = Line(max=35, allow_none=True, validate=is_language, metadata={"description": "BCP 47"})


class EmailOnlySchema(Schema):
    """An address to mail a link to."""

    email = Email(required=True)


class OwnMailSchema(EmailOnlySchema):
    """An address to mail a link to, and what makes the device of its owner known."""

    device_token = Line(min=1, max=200, load_default=None, allow_none=True)


class TokenOnlySchema(Schema):
    """The token of a mailed link."""

    token = Line(min=1, max=200, required=True)


class NewPasswordSchema(Schema):
    """The token of a mailed link, and the new password."""

    token = Line(min=1, max=200, required=True)
    password = Password(
        min=passwords.SHORTEST, max=passwords.LONGEST, required=True, load_only=True
    )


class ProfileSchema(Schema):
    """Changes of the caller's profile."""

    given_name = Line(max=100, allow_none=True, validate=filled)
    family_name = Line(max=100, allow_none=True, validate=filled)
    phone_number = Line(
        max=20, allow_none=True, validate=is_phone, metadata={"description": "E.164"}
    )
    locale = Line(max=35, allow_none=True, validate=is_language, metadata={"description": "BCP 47"})
    metadata = Metadata(attribute="metadata_")


class PasswordChangeSchema(Schema):
    """The current password of the caller, and the new one."""

    current_password = TypedPassword(min=1, max=1000, required=True, load_only=True)
    password = Password(
        min=passwords.SHORTEST, max=passwords.LONGEST, required=True, load_only=True
    )


class EmailChangeSchema(Schema):
    """The new address of the caller, and its current password."""

    email = Email(required=True)
    current_password = TypedPassword(min=1, max=1000, required=True, load_only=True)


class UserSchema(ModelSchema):
    """A user."""

    class Meta(ModelSchema.Meta):
        model = User
        fields = (
            "id",
            "kind",
            "email",
            "email_verified",
            "given_name",
            "family_name",
            "phone_number",
            "locale",
            "status",
            "roles",
            "metadata",
            "version",
            "created_at",
            "updated_at",
        )

    email_verified = fields.Boolean(required=True)
    roles = fields.List(fields.String(), attribute="role_names", required=True)
    metadata = Metadata(attribute="metadata_", required=True)


UserListSchema = page_of(UserSchema)


class UserListQuerySchema(ListQuerySchema):
    """Filters of the list of users."""

    sorts: ClassVar[tuple[str, ...]] = ("created_at",)

    q = Line(min=1, max=100, metadata={"description": "Part of the e-mail address or a name"})
    status = fields.String(validate=validate.OneOf(["active", "suspended", "closing", "erased"]))
    role = Line(min=1, max=50)
    kind = fields.String(validate=validate.OneOf(["person", "service"]), load_default="person")
    created_at_gte = Instant(data_key="created_at[gte]")
    created_at_lte = Instant(data_key="created_at[lte]")


class ReasonSchema(Schema):
    """The reason for a change of an account."""

    reason = Text(max=500, load_default=None, allow_none=True)


class UserChangesSchema(Schema):
    """Changes of an account by staff."""

    roles = List(Line(min=1, max=50), max=100)
    status = fields.String(validate=validate.OneOf(["active", "suspended"]))
    metadata = Metadata(attribute="metadata_")


class NothingSchema(ma.Schema):
    """An empty object."""
