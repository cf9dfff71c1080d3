"""Requests of guests about their data in JSON."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from mercato_kit.schemas import Boolean, Email, Instant, Line, Message, Schema, Text, Uuid

_ONE_OF = Message("Send either email or order_id.", "one_of")


class NewPrivacyRequestSchema(Schema):
    """A request of a guest: by mailbox, or for one order by its access token."""

    kind = fields.String(required=True, validate=validate.OneOf(["export", "erase"]))
    email = Email()
    order_id = Uuid()

    @ma.validates_schema
    def _check(self, data: dict[str, Any], **_: Any) -> None:
        if ("email" in data) == ("order_id" in data):
            raise ma.ValidationError(_ONE_OF, "email")


class PrivacyLinkSchema(Schema):
    """The token of a mailed link."""

    token = Line(min=1, max=500, required=True)


class PrivacyHeadersSchema(Schema):
    """The access token of a request."""

    access_token = Text(
        max=100,
        data_key="Privacy-Access-Token",
        metadata={"description": "The access_token of the request"},
    )


class AcceptedRequestSchema(ma.Schema):
    """A request that was accepted; empty until its mailed link is confirmed."""

    id = fields.UUID()
    access_token = fields.String()


class PrivacyStepSchema(ma.Schema):
    """How far one feature is."""

    feature = fields.String(required=True)
    status = fields.String(required=True)


class PrivacyRequestSchema(ma.Schema):
    """A request of a guest, and how far it is."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    status = fields.String(required=True)
    complete = Boolean(required=True)
    parts = fields.List(fields.Nested(PrivacyStepSchema), attribute="steps", required=True)
    created_at = Instant(required=True)
    finished_at = Instant(required=True, allow_none=True)
