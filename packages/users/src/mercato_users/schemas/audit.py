"""The audit trail in JSON."""

from marshmallow import fields, validate

from mercato_kit.http import ListQuerySchema, page_of
from mercato_kit.schemas import Instant, Line, ModelSchema, Uuid
from mercato_users.models import AuditEvent


class AuditEventSchema(ModelSchema):
    """A security event, for staff."""

    class Meta(ModelSchema.Meta):
        model = AuditEvent
        fields = (
            "id",
            "type",
            "user_id",
            "actor_id",
            "session_id",
            "key_id",
            "request_id",
            "network",
            "data",
            "created_at",
        )

    network = fields.String(required=True, allow_none=True, attribute="ip_prefix")


class OwnAuditEventSchema(ModelSchema):
    """A security event of the caller's account."""

    class Meta(ModelSchema.Meta):
        model = AuditEvent
        fields = ("id", "type", "by", "network", "created_at")

    by = fields.String(required=True, validate=validate.OneOf(["you", "staff", "system"]))
    network = fields.String(required=True, allow_none=True, attribute="ip_prefix")


AuditEventListSchema = page_of(AuditEventSchema)

OwnAuditEventListSchema = page_of(OwnAuditEventSchema)


class AuditEventQuerySchema(ListQuerySchema):
    """The audit trail of an account."""

    created_at_gte = Instant(data_key="created_at[gte]")
    created_at_lte = Instant(data_key="created_at[lte]")


class AllAuditEventsQuerySchema(AuditEventQuerySchema):
    """The audit trail of all accounts and roles."""

    user_id = Uuid()
    type = Line(min=1, max=50)
