"""Exports and erasures of a person's data in JSON."""

import marshmallow as ma
from marshmallow import fields

from mercato_kit.schemas import Boolean, Instant, Schema
from mercato_users.schemas.fields import TypedPassword


class AccountClosingSchema(Schema):
    """The current password of the caller."""

    current_password = TypedPassword(min=1, max=1000, required=True, load_only=True)


class ErasureSchema(ma.Schema):
    """An erasure that was asked for."""

    id = fields.UUID(required=True)
    due_at = Instant(required=True)


class ExportPartSchema(ma.Schema):
    """What one feature gives to an export."""

    feature = fields.String(required=True)
    status = fields.String(required=True)


class ExportSchema(ma.Schema):
    """An export of a person's data."""

    id = fields.UUID(required=True)
    status = fields.String(required=True)
    complete = Boolean(required=True)
    parts = fields.List(fields.Nested(ExportPartSchema), attribute="steps", required=True)
    created_at = Instant(required=True)
    finished_at = Instant(required=True, allow_none=True)
