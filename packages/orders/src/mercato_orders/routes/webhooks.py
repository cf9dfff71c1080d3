"""The endpoint that payment providers send their events to."""

from collections.abc import Mapping
from typing import cast

from mercato_kit import work
from mercato_kit.contexts import get_request
from mercato_kit.http import read_bytes
from mercato_kit.policies import anyone_as_guest
from mercato_orders import services
from mercato_orders.errors import BadWebhookSignature
from mercato_orders.routes.blueprint import blueprint

LARGEST = 256 * 1024
"""Bytes of a webhook."""


@blueprint.post(
    "/webhooks/payments/<provider>",
    allow=anyone_as_guest,
    body_bytes=LARGEST,
    refuses=[BadWebhookSignature],
)
@blueprint.response(200)
@work.in_steps
def receive_webhook(provider: str) -> dict[str, str]:
    """Receive events of a payment provider, which has signed them"""
    # A mapping that compares names without case, though its class is not declared as one.
    headers = cast("Mapping[str, str]", get_request().headers)
    services.receive_events(provider, read_bytes(), headers)
    return {}
