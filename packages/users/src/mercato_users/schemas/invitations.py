"""Invitations in JSON."""

from marshmallow import fields

from mercato_kit.http import ListQuerySchema, page_of
from mercato_kit.schemas import Email, Line, List, ModelSchema, Password, Schema
from mercato_users import passwords
from mercato_users.models import Invitation


class NewInvitationSchema(Schema):
    """An invitation to send."""

    email = Email(required=True)
    roles = List(Line(min=1, max=50), max=20, required=True)


class InvitationSchema(ModelSchema):
    """An invitation."""

    class Meta(ModelSchema.Meta):
        model = Invitation
        fields = (
            "id",
            "email",
            "roles",
            "invited_by",
            "created_at",
            "expires_at",
            "accepted_at",
        )

    roles = fields.List(fields.String(), attribute="role_names", required=True)


InvitationListSchema = page_of(InvitationSchema)


class InvitationListQuerySchema(ListQuerySchema):
    """The list of invitations."""


class AcceptanceSchema(Schema):
    """The token of a mailed link, and the password of a new account."""

    token = Line(min=1, max=200, required=True)
    password = Password(
        min=passwords.SHORTEST,
        max=passwords.LONGEST,
        load_default=None,
        allow_none=True,
        load_only=True,
        metadata={"description": "12 to 128 characters; for a new account"},
    )
