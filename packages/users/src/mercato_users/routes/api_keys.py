"""Endpoints of API keys: a person's own, and those of others for staff."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.contexts import get_globals
from mercato_kit.errors import Forbidden, StepUpRequired
from mercato_kit.http import if_match
from mercato_kit.identity import current_principal
from mercato_kit.policies import fresh, person
from mercato_kit.views import Shown
from mercato_users import services
from mercato_users.clients import this_client
from mercato_users.errors import KeyEnded, LimitReached
from mercato_users.routes.blueprint import blueprint
from mercato_users.schemas import (
    ApiKeyChangesSchema,
    ApiKeyListQuerySchema,
    ApiKeyListSchema,
    ApiKeySchema,
    MadeApiKeySchema,
    NewApiKeySchema,
    RollSchema,
)
from mercato_users.values import NewApiKey

_MAY_WRITE = fresh(person)


def _text_of(stored: Mapping[str, Any]) -> str | None:
    """Return the text of the key that this request has made; None for a repeated request."""
    made: services.MadeKey | None = get_globals().get("users_made_key")
    if made is None or str(made.shown.content["id"]) != stored["id"]:
        return None
    return made.text


@blueprint.post(
    "/api-keys",
    allow=_MAY_WRITE,
    idempotent=True,
    unstored={"key": _text_of},
    refuses=[Forbidden, LimitReached],
)
@blueprint.arguments(NewApiKeySchema)
@blueprint.response(201, MadeApiKeySchema)
def create_api_key(body: NewApiKey) -> tuple[Shown, int, dict[str, str]]:
    """Create an API key of your own, or of another account with the permission api_keys.write

    It can have permissions that you have. Its text is in this response only: in that of a repeated
    request, `key` is null.
    """
    made = services.create_api_key(body, current_principal, this_client())
    # Its text is not stored with the response under the Idempotency-Key.
    get_globals().users_made_key = made
    return _created(made, None)


@blueprint.get("/api-keys", allow=person, refuses=[Forbidden, StepUpRequired])
@blueprint.arguments(ApiKeyListQuerySchema, location="query")
@blueprint.response(200, ApiKeyListSchema)
def list_api_keys(query: dict[str, Any]) -> Shown:
    """List your API keys, or those of another account with the permission api_keys.write"""
    return services.list_api_keys(query.pop("page"), current_principal, **query)


@blueprint.get("/api-keys/<uuid:key_id>", allow=person)
@blueprint.response(200, ApiKeySchema)
def read_api_key(key_id: UUID) -> Shown:
    """Get an API key"""
    return services.find_api_key(key_id, current_principal)


@blueprint.patch("/api-keys/<uuid:key_id>", allow=_MAY_WRITE, if_match=True, refuses=[Forbidden])
@blueprint.arguments(ApiKeyChangesSchema)
@blueprint.response(200, ApiKeySchema)
def change_api_key(body: dict[str, Any], key_id: UUID) -> Shown:
    """Change the name and the scopes of an API key"""
    return services.update_api_key(key_id, body, current_principal, versions=if_match())


@blueprint.delete("/api-keys/<uuid:key_id>", allow=_MAY_WRITE, refuses=[Forbidden])
@blueprint.response(204)
def revoke_api_key(key_id: UUID) -> None:
    """Revoke an API key; it is refused from the next request on"""
    services.revoke_api_key(key_id, current_principal, this_client())


@blueprint.post("/api-keys/<uuid:key_id>/roll", allow=_MAY_WRITE, refuses=[Forbidden, KeyEnded])
@blueprint.arguments(RollSchema)
@blueprint.response(201, MadeApiKeySchema)
def roll_api_key(body: dict[str, Any], key_id: UUID) -> tuple[Shown, int, dict[str, str]]:
    """Make a key that takes the place of another one, which ends after an overlap"""
    made = services.roll_api_key(key_id, current_principal, client=this_client(), **body)
    return _created(made, made.text)


def _created(made: services.MadeKey, text: str | None) -> tuple[Shown, int, dict[str, str]]:
    content = made.shown.content
    location = url_for(".read_api_key", key_id=content["id"])
    return Shown({**content, "key": text}), 201, {"Location": location}
