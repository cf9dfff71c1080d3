"""Endpoints for guests who want their data, or its erasure."""

from typing import Any
from uuid import UUID

from flask import Response

from mercato_kit.contexts import get_request
from mercato_kit.errors import NotFound
from mercato_kit.http.addresses import counted_as
from mercato_kit.policies import anyone
from mercato_kit.privacy import Request
from mercato_orders import services
from mercato_orders.errors import LinkExpired
from mercato_orders.routes.blueprint import Headers, blueprint, caller
from mercato_orders.schemas import (
    AcceptedRequestSchema,
    AccessHeadersSchema,
    NewPrivacyRequestSchema,
    PrivacyHeadersSchema,
    PrivacyLinkSchema,
    PrivacyRequestSchema,
)


@blueprint.post("/privacy/requests", allow=anyone, refuses=[NotFound])
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(NewPrivacyRequestSchema)
@blueprint.response(202, AcceptedRequestSchema)
def request_privacy(headers: Headers, body: dict[str, Any]) -> services.Accepted | dict[str, Any]:
    """Ask for the data of a guest, or for its erasure

    With `email`, a link is mailed if guests have ordered with that mailbox; the answer does not
    say whether they have. With `order_id` and the access token of that order, it is about that
    order alone.
    """
    if "order_id" in body:
        return services.ask_by_order(body["kind"], body["order_id"], caller(headers), _network())
    services.ask_by_email(body["kind"], body["email"], _network())
    return {}


@blueprint.post("/privacy/requests/confirm", allow=anyone, refuses=[LinkExpired])
@blueprint.arguments(PrivacyLinkSchema)
@blueprint.response(202, AcceptedRequestSchema)
def confirm_privacy_request(body: dict[str, Any]) -> services.Accepted:
    """Confirm a request with the token of the mailed link

    It is about all orders that were placed with this mailbox and without an account.
    """
    return services.confirm(body["token"], _network())


@blueprint.get("/privacy/requests/<uuid:request_id>", allow=anyone)
@blueprint.arguments(PrivacyHeadersSchema, location="headers")
@blueprint.response(200, PrivacyRequestSchema)
def read_privacy_request(headers: Headers, request_id: UUID) -> Request:
    """Get a request of a guest: how far it is"""
    return services.find_request(request_id, headers.get("access_token"))


@blueprint.get("/privacy/requests/<uuid:request_id>/file", allow=anyone)
@blueprint.arguments(PrivacyHeadersSchema, location="headers")
@blueprint.response(200, content_type="application/zip")
def read_privacy_file(headers: Headers, request_id: UUID) -> Response:
    """Get the file of an export: a zip with a report and a JSON file for each feature

    It is kept for 7 days.
    """
    file = services.read_file(request_id, headers.get("access_token"))
    name = {"Content-Disposition": 'attachment; filename="personal-data.zip"'}
    return Response(file, mimetype="application/zip", headers=name)


def _network() -> str:
    """Return what the client is counted by."""
    return counted_as(get_request().remote_addr)
