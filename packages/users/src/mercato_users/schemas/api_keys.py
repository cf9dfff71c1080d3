"""API keys in JSON."""

from marshmallow import fields

from mercato_kit.http import ListQuerySchema, page_of
from mercato_kit.schemas import (
    Instant,
    Integer,
    Line,
    List,
    ModelSchema,
    Schema,
    Uuid,
    not_blank,
)
from mercato_users.models import ApiKey
from mercato_users.values import NewApiKey

LONGEST_OVERLAP = 7 * 24 * 3600

_SHOWN = (
    "id",
    "user_id",
    "name",
    "start",
    "scopes",
    "created_by",
    "created_at",
    "expires_at",
    "last_used_at",
    "last_used_network",
    "replaced_by",
    "version",
)


def _scopes(*, required: bool = False) -> List:
    return List(Line(min=1, max=100), max=200, required=required)


class NewApiKeySchema(Schema):
    """An API key to create."""

    makes = NewApiKey

    name = Line(min=1, max=100, required=True, validate=not_blank)
    scopes = _scopes(required=True)
    expires_at = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "At most 365 days from now; default: 90 days"},
    )
    user_id = Uuid(
        load_default=None,
        allow_none=True,
        metadata={"description": "Id of the account; default: your own"},
    )


class ApiKeyChangesSchema(Schema):
    """Changes of an API key."""

    name = Line(min=1, max=100, validate=not_blank)
    scopes = _scopes()


class RollSchema(Schema):
    """How an API key is replaced."""

    overlap_seconds = Integer(min=0, max=LONGEST_OVERLAP, load_default=0)


class ApiKeySchema(ModelSchema):
    """An API key."""

    class Meta(ModelSchema.Meta):
        model = ApiKey
        fields = _SHOWN

    scopes = fields.List(fields.String(), required=True)
    last_used_network = fields.String(required=True, allow_none=True, attribute="last_used_prefix")


class MadeApiKeySchema(ApiKeySchema):
    """An API key that was just made, with its text."""

    class Meta(ModelSchema.Meta):
        model = ApiKey
        fields = (*_SHOWN, "key")

    key = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The text of the key; null in the response to a repeated request"},
    )


ApiKeyListSchema = page_of(ApiKeySchema)


class ApiKeyListQuerySchema(ListQuerySchema):
    """The list of API keys."""

    user_id = Uuid(metadata={"description": "Id of the account; default: your own"})
