"""Schemas of problem documents, for the API document."""

import marshmallow as ma
from marshmallow import fields


class FieldErrorSchema(ma.Schema):
    """An error of one input field."""

    pointer = fields.String(required=True, metadata={"description": "RFC 6901"})
    code = fields.String(required=True)
    detail = fields.String(required=True)


class ProblemSchema(ma.Schema):
    """A problem document (RFC 9457)."""

    type = fields.Url(required=True, relative=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String()
    code = fields.String(required=True, metadata={"description": "Stable, machine-readable code"})
    request_id = fields.String()
    errors = fields.List(
        fields.Nested(FieldErrorSchema),
        metadata={"description": "Errors of input fields, for status 422: the first 100"},
    )
    errors_omitted = fields.Integer(metadata={"description": "Further errors of input fields"})
