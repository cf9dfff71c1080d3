"""The API that shops call."""

import hmac
import select
import socket
import time
from collections.abc import Callable
from typing import TypeVar, cast

import msgspec
from flask import Blueprint, Response, current_app, request

from mercato_payments_sandbox import wire
from mercato_payments_sandbox.server import charges, confirmations, refunds
from mercato_payments_sandbox.server.answers import Answer, act, answer_of, read
from mercato_payments_sandbox.server.deliveries import events_of
from mercato_payments_sandbox.server.errors import Refusal
from mercato_payments_sandbox.server.ledger import Ledger, Work
from mercato_payments_sandbox.server.sandbox import Sandbox
from mercato_payments_sandbox.server.shown import show_payment, show_refund

T = TypeVar("T")

SLOW_SECONDS = 3
HANG_SECONDS = 30
"""A lost answer keeps the connection open until the caller closes it, or this long."""

JSON = "application/json"

blueprint = Blueprint("api", __name__)


def sandbox() -> Sandbox:
    """Return the sandbox of the current app."""
    return cast("Sandbox", current_app.extensions["sandbox"])


def require_secret() -> None:
    """Refuse callers without the secret (401)."""
    expected = f"Bearer {sandbox().secret}".encode()
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected):
        raise Refusal(401, "unauthenticated", "The secret is another one.")


blueprint.before_request(require_secret)


@blueprint.post("/payments")
def open_payment() -> Response:
    """Make a payment that is not confirmed."""
    new = read_body(wire.NewPayment)

    def do(work: Work) -> Answer:
        return answer_of(show_payment(work, charges.open_charge(work, new)), 201)

    return _act(do)


@blueprint.get("/payments/<charge_id>")
def get_payment(charge_id: str) -> Response:
    """Return a payment as it is now."""

    def show(work: Work) -> Answer:
        charges.find(work, charge_id)
        return answer_of(show_payment(work, charge_id))

    return _send(read(_ledger(), show))


@blueprint.post("/payments/<charge_id>/confirm")
def confirm_payment(charge_id: str) -> Response:
    """Charge a card."""
    body = read_body(wire.Confirmation)
    return _act(lambda work: confirmations.confirm(work, charge_id, body))


@blueprint.post("/payments/<charge_id>/capture")
def capture_payment(charge_id: str) -> Response:
    """Capture an authorized amount, or a part of it."""
    body = read_body(wire.NewCapture)
    return _act_on(charge_id, lambda work: charges.capture(work, charge_id, body))


@blueprint.post("/payments/<charge_id>/void")
def void_payment(charge_id: str) -> Response:
    """Close a payment that is not captured."""
    return _act_on(charge_id, lambda work: charges.void(work, charge_id))


@blueprint.post("/payments/<charge_id>/refunds")
def refund_payment(charge_id: str) -> Response:
    """Give captured money back."""
    new = read_body(wire.NewRefund)

    def do(work: Work) -> Answer:
        id_ = refunds.refund(work, charge_id, new)
        return answer_of(show_refund(refunds.find(work, id_)), 201)

    return _act(do)


@blueprint.get("/refunds/<refund_id>")
def get_refund(refund_id: str) -> Response:
    """Return a refund as it is now."""
    show = read(_ledger(), lambda work: answer_of(show_refund(refunds.find(work, refund_id))))
    return _send(show)


def read_body(kind: type[T]) -> T:
    """Return the body of the request.

    Raises:
        Refusal: It is malformed (400).
    """
    try:
        return msgspec.json.decode(request.get_data() or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise Refusal(400, "invalid", str(error)) from error


def _ledger() -> Ledger:
    return sandbox().ledger


def _act_on(charge_id: str, do: Callable[[Work], None]) -> Response:
    def act_and_show(work: Work) -> Answer:
        do(work)
        return answer_of(show_payment(work, charge_id))

    return _act(act_and_show)


def _act(do: Callable[[Work], Answer]) -> Response:
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        raise Refusal(400, "idempotency_key_missing", "The header Idempotency-Key is required.")
    asked = f"{request.method} {request.path}\n".encode() + request.get_data()
    answer = act(_ledger(), key, asked, do)
    sandbox().deliveries.wake()
    return _send(answer)


def _send(answer: Answer) -> Response:
    delay_ms = _ledger().faults.delay_ms
    if delay_ms:
        time.sleep(delay_ms / 1000)
    match answer.then:
        case "hang":
            _hang(cast("socket.socket | None", request.environ.get("werkzeug.socket")))
            return Response(status=504)
        case "slow":
            time.sleep(SLOW_SECONDS)
        case "events":
            with _ledger().work() as work:
                events = events_of(work, answer.charge_id)
            sandbox().deliveries.send_all(events)
        case _:
            pass
    return Response(answer.body, answer.status, mimetype=JSON)


def _hang(connection: socket.socket | None) -> None:
    """Wait until the caller closes the connection."""
    if connection is not None:
        select.select([connection], [], [], HANG_SECONDS)
