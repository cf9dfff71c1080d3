"""Schemas of problem documents, for the API document."""

import marshmallow as ma
from marshmallow import fields


class FieldErrorSchema(ma.Schema):
    """An error of one input field."""

    pointer = fields.String(
        required=True, metadata={"description": "JSON pointer to the value (RFC 6901)"}
    )
    code = fields.String(
        required=True,
        metadata={"description": "The rule that was broken, such as `required`, `type` or `max`"},
    )
    detail = fields.String(required=True, metadata={"description": "An explanation for people"})


class ProblemSchema(ma.Schema):
    """A problem document (RFC 9457)."""

    type = fields.String(
        required=True,
        metadata={"format": "uri-reference", "description": "URL of a page about the problem"},
    )
    title = fields.String(required=True, metadata={"description": "What kind of problem it is"})
    status = fields.Integer(required=True, metadata={"description": "The HTTP status"})
    detail = fields.String(required=True, metadata={"description": "What happened this time"})
    instance = fields.String(metadata={"description": "Path of the request"})
    code = fields.String(required=True, metadata={"description": "Stable, machine-readable code"})
    request_id = fields.String(metadata={"description": "Id of the request in the logs"})
    errors = fields.List(
        fields.Nested(FieldErrorSchema),
        metadata={"description": "Errors of input fields, for status 422: the first 100"},
    )
    errors_omitted = fields.Integer(metadata={"description": "Further errors of input fields"})
