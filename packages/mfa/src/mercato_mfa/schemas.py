"""JSON schemas of mfa."""

import marshmallow as ma
from marshmallow import fields

from mercato_kit.schemas import Instant, Line, Schema, Text, Uuid, not_blank


class NewTotpSchema(Schema):
    """A new authenticator app."""

    label = Line(max=60, load_default=None, allow_none=True, validate=not_blank)


class TotpSecretSchema(ma.Schema):
    """The secret of an authenticator app, which is shown once."""

    id = fields.UUID(required=True)
    secret = fields.String(required=True)
    uri = fields.String(required=True)


class TotpConfirmationSchema(Schema):
    """The first code of a new authenticator app."""

    id = Uuid(required=True)
    code = Line(min=1, max=20, required=True, load_only=True)


class PasskeyOptionsSchema(ma.Schema):
    """The challenge and the options for a new passkey."""

    challenge = fields.String(required=True)
    options = fields.Dict(keys=fields.String(), required=True)


class NewPasskeySchema(Schema):
    """A passkey that a browser has made."""

    challenge = Line(min=1, max=200, required=True)
    credential = Text(min=1, max=20_000, required=True, load_only=True)
    name = Line(min=1, max=60, load_default="Passkey", validate=not_blank)


class FactorSchema(ma.Schema):
    """An authenticator app or a passkey."""

    id = fields.UUID(required=True)
    method = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)
    used_at = Instant(required=True, allow_none=True)


class FactorsSchema(ma.Schema):
    """The second factors of the caller."""

    factors = fields.List(fields.Nested(FactorSchema), required=True)
    recovery_codes_left = fields.Integer(required=True)


class RecoveryCodesSchema(ma.Schema):
    """New recovery codes, which are shown once."""

    codes = fields.List(fields.String(), required=True)
