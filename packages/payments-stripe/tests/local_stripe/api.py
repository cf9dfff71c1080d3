"""The endpoints that shops call, below ``/v1``, and the page of 3-D Secure."""

import select
import time

from flask import Blueprint, Response, current_app, jsonify, request

from . import intents, refunds
from .errors import ApiError, missing
from .forms import read_form, require
from .methods import METHODS

HANG_SECONDS = 30
SLOW_SECONDS = 3
REFUNDS_SHOWN = 10

blueprint = Blueprint("api", __name__)


def stripe():
    """Return the local Stripe of the current app."""
    return current_app.extensions["stripe"]


@blueprint.before_request
def require_key():
    """Refuse other keys (401); the page of 3-D Secure is for everybody."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    in_browser = given.startswith("pk_test_") and b"client_secret=" in request.get_data()
    if not (request.path.startswith("/3ds/") or in_browser or given == "sk_test_local"):
        raise ApiError(401, "Invalid API Key provided", type="invalid_request_error")


@blueprint.post("/v1/payment_intents")
def create_intent():
    """Create an intent."""
    return act(intents.check_new, intents.create)


@blueprint.get("/v1/payment_intents")
def list_intents():
    """List intents."""
    return read(lambda ledger, _: page(ledger.all("payment_intent")))


@blueprint.get("/v1/payment_intents/<id_>")
def get_intent(id_):
    """Return an intent."""
    return read(lambda ledger, _: intents.find(ledger, id_))


@blueprint.post("/v1/payment_intents/<id_>/confirm")
def confirm_intent(id_):
    """Confirm an intent, for a shop or for the browser of its customer."""
    url = stripe().url
    return act(
        intents.check_confirmation,
        lambda ledger, given: intents.confirm(ledger, id_, given, url),
    )


@blueprint.post("/v1/payment_intents/<id_>/capture")
def capture_intent(id_):
    """Capture an intent."""
    return act(intents.check_capture, lambda ledger, given: intents.capture(ledger, id_, given))


@blueprint.post("/v1/payment_intents/<id_>/cancel")
def cancel_intent(id_):
    """Cancel an intent."""
    return act(intents.check_cancellation, lambda ledger, given: intents.cancel(ledger, id_, given))


@blueprint.post("/v1/refunds")
def create_refund():
    """Create a refund."""
    return act(refunds.check_new, refunds.create)


@blueprint.get("/v1/refunds")
def list_refunds():
    """List refunds, of one intent or all."""
    return read(
        lambda ledger, given: page(ledger.all("refund", given.get("payment_intent")), given)
    )


@blueprint.get("/v1/refunds/<id_>")
def get_refund(id_):
    """Return a refund."""
    return read(lambda ledger, _: refunds.find(ledger, id_))


@blueprint.get("/v1/charges/<id_>")
def get_charge(id_):
    """Return a charge."""

    def show(ledger, _given):
        found = ledger.find(id_, "charge")
        if found is None:
            raise missing("charge", id_)
        return found

    return read(show)


@blueprint.get("/v1/events")
def list_events():
    """List events, newest first."""
    return read(lambda ledger, given: page(ledger.all("event"), given))


@blueprint.get("/v1/balance")
def get_balance():
    """Return the balance."""
    return read(lambda *_: {"object": "balance", "livemode": False, "available": []})


@blueprint.get("/v1/webhook_endpoints")
def list_endpoints():
    """List webhook endpoints."""
    return read(lambda ledger, given: page(ledger.all("webhook_endpoint"), given))


@blueprint.post("/v1/webhook_endpoints")
def create_endpoint():
    """Create a webhook endpoint."""

    def check(given):
        require(given, "url", "enabled_events", allowed=("api_version", "description"))

    def create(ledger, given):
        return ledger.add("we", "webhook_endpoint", **{"status": "enabled", **given})

    return act(check, create)


@blueprint.post("/3ds/<id_>")
def authenticate(id_):
    """Answer 3-D Secure as the customer."""
    with stripe().ledger.work() as ledger:
        approved = request.form.get("answer") == "approve"
        intents.authenticate(ledger, id_, approved=approved)
    return {}


def read(show):
    """Answer a request without effects; its answer may get lost."""
    given = read_form(request.query_string.decode())
    with stripe().ledger.work() as ledger:
        lost = ledger.happens("timeout_before") or ledger.happens("timeout_after")
        shown = expand(ledger, show(ledger, given), given)
    return hang() if lost else jsonify(shown)


def act(check, do):
    """Answer a request with effects: those of the first time, or what its key has got.

    Args:
        check: Checks the parameters, before anything is executed.
        do: Has the effects, and returns an object, or an error with effects.
    """
    key, text = request.headers.get("Idempotency-Key"), request.get_data(as_text=True)
    with stripe().keys.running(key):
        status, body, then = _answer(key, text, check, do)
        if then == "slow":
            time.sleep(SLOW_SECONDS)
    if then == "event before the answer":
        id_ = request.path.split("/")[3]
        stripe().deliveries.send_all("intent = ? AND copies > 0", id_)
    if then == "lost":
        return hang()
    response = jsonify(body)
    response.status_code = status
    if then == "replayed":
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _answer(key, text, check, do):
    given, asked = read_form(text), f"{request.path}\n{text}"
    behaviour = METHODS.get(given.get("payment_method"), "")
    with stripe().ledger.work() as ledger:
        if known := stripe().keys.known(key, asked):
            return (*known, "replayed")
        check(given)
        if behaviour == "lost, not charged" or ledger.happens("timeout_before"):
            return 0, {}, "lost"
        fails = ledger.happens("error_500")
        if behaviour == "500, not charged" or (fails and ledger.happens("error_500_early")):
            status, body = _error_500()
        else:
            status, body = _executed(ledger, given, do)
            if fails or behaviour == "500, charged":
                status, body = _error_500()
        stripe().keys.keep(key, asked, status, body)
        if behaviour == "lost, charged" or ledger.happens("timeout_after"):
            return 0, {}, "lost"
        return status, body, behaviour


def _executed(ledger, given, do):
    try:
        made = do(ledger, given)
    except ApiError as error:
        made = error
    if isinstance(made, ApiError):
        return made.status, made.body
    return 200, expand(ledger, made, given)


def _error_500():
    error = ApiError(500, "An unknown error occurred", type="api_error")
    return error.status, error.body


def page(found, given=None):
    """Return a list as Stripe pages it."""
    given = given or {}
    if "starting_after" in given:
        ids = [one["id"] for one in found]
        found = found[ids.index(given["starting_after"]) + 1 :]
    limit = given.get("limit", 10)
    return {
        "object": "list",
        "url": request.path,
        "data": found[:limit],
        "has_more": len(found) > limit,
    }


def expand(ledger, shown, given):
    """Return an intent with its charge and the latest refunds, if they are asked for."""
    if "latest_charge.refunds" not in given.get("expand", ()) or not shown.get("latest_charge"):
        return shown
    charge = ledger.find(shown["latest_charge"], "charge")
    found = ledger.all("refund", shown["id"])
    charge["refunds"] = {
        "object": "list",
        "url": f"/v1/charges/{charge['id']}/refunds",
        "data": found[:REFUNDS_SHOWN],
        "has_more": len(found) > REFUNDS_SHOWN,
    }
    return {**shown, "latest_charge": charge}


def hang():
    """Keep the connection open until the caller closes it."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        select.select([connection], [], [], HANG_SECONDS)
    return Response(status=504, headers={"Connection": "close"})
