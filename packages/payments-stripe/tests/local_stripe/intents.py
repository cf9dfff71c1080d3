"""Payment intents: created, confirmed, authenticated, captured, canceled."""

import secrets

from . import errors
from .events import record
from .forms import require
from .methods import METHODS

AUTHORIZED_SECONDS = 7 * 86_400
SOON_SECONDS = 2

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE = (*OPEN, "requires_capture")
REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")


def find(ledger, id_):
    """Return an intent."""
    found = ledger.find(id_, "payment_intent")
    if found is None:
        raise errors.missing("payment_intent", id_)
    return found


def check_new(parameters):
    """Check the parameters of a new intent."""
    require(
        parameters,
        "amount",
        "currency",
        allowed=(
            *("capture_method", "allowed_payment_method_types", "description", "metadata"),
            "payment_method",
        ),
    )
    if parameters["amount"] < 1:
        raise errors.invalid("This value must be greater than or equal to 1.", "amount")
    if not parameters["currency"].islower():
        raise errors.invalid("Invalid currency.", "currency")


def create(ledger, parameters):
    """Create an intent that is not confirmed."""
    secret = secrets.token_hex(8)
    intent = ledger.add(
        "pi",
        "payment_intent",
        amount=parameters["amount"],
        amount_capturable=0,
        amount_received=0,
        cancellation_reason=None,
        canceled_at=None,
        capture_method=parameters.get("capture_method", "automatic"),
        client_secret=None,
        currency=parameters["currency"],
        description=parameters.get("description"),
        last_payment_error=None,
        latest_charge=None,
        livemode=False,
        metadata=parameters.get("metadata", {}),
        next_action=None,
        payment_method=None,
        payment_method_types=parameters.get("allowed_payment_method_types", ["card"]),
        status="requires_payment_method",
    )
    intent["client_secret"] = f"{intent['id']}_secret_{secret}"
    ledger.save(intent)
    record(ledger, "payment_intent.created", intent, intent["id"])
    return intent


def check_confirmation(parameters):
    """Check the parameters of a confirmation."""
    require(parameters, "payment_method", allowed=("return_url", "client_secret"))


def confirm(ledger, id_, parameters, url):
    """Charge a payment method.

    Raises:
        ApiError: It is declined, unknown, or the intent is confirmed or closed.
    """
    intent, method = find(ledger, id_), parameters["payment_method"]
    if method not in METHODS:
        raise errors.missing("PaymentMethod", method)
    if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
        raise errors.too_late(intent, "confirmed")
    intent.update(payment_method=method, last_payment_error=None)
    behaviour = "generic_decline" if ledger.happens("decline") else METHODS[method]
    if behaviour in ("generic_decline", "insufficient_funds"):
        return decline(ledger, intent, behaviour)
    if behaviour == "3-D Secure":
        return _require_action(ledger, intent, parameters.get("return_url"), url)
    if behaviour.startswith("processing"):
        _change(ledger, intent, "processing")
        ledger.plan(SOON_SECONDS, "decide", id_)
        return intent
    return pay(ledger, intent)


def decline(ledger, intent, decline_code):
    """Fail an attempt: the intent waits for another payment method. The error is returned."""
    charge = _charge(ledger, intent, status="failed", failure_code="card_declined")
    intent["latest_charge"] = charge["id"]
    error = errors.declined(intent, decline_code)
    _change(ledger, intent, "requires_payment_method", "payment_failed")
    return error


def pay(ledger, intent):
    """Charge an intent: all of it, or an authorisation."""
    charge = _charge(ledger, intent, status="succeeded")
    intent.update(latest_charge=charge["id"], next_action=None)
    if intent["capture_method"] == "manual":
        details = {"card": {"capture_before": int(ledger.now()) + AUTHORIZED_SECONDS}}
        ledger.save({**charge, "payment_method_details": details})
        intent["amount_capturable"] = intent["amount"]
        _change(ledger, intent, "requires_capture", "amount_capturable_updated")
        ledger.plan(AUTHORIZED_SECONDS, "lapse", intent["id"])
        return intent
    _take(ledger, intent, intent["amount"], None)
    return intent


def authenticate(ledger, id_, *, approved):
    """Go on with an intent that waits for 3-D Secure; any other one stays as it is."""
    intent = find(ledger, id_)
    if intent["status"] != "requires_action":
        return
    if approved:
        pay(ledger, intent)
        return
    code = "payment_intent_authentication_failure"
    intent.update(next_action=None, last_payment_error={"type": "card_error", "code": code})
    _change(ledger, intent, "requires_payment_method", "payment_failed")


def check_capture(parameters):
    """Check the parameters of a capture."""
    require(parameters, allowed=("amount_to_capture", "metadata"))


def capture(ledger, id_, parameters):
    """Capture an amount, and release the rest."""
    intent = find(ledger, id_)
    if intent["status"] != "requires_capture":
        raise errors.too_late(intent, "captured")
    amount = parameters.get("amount_to_capture", intent["amount"])
    if not 0 < amount <= intent["amount_capturable"]:
        raise errors.ApiError(400, "The amount exceeds the authorized amount.", "amount_too_large")
    if METHODS[intent["payment_method"]] == "capture declined":
        raise errors.ApiError(
            402, "Your card was declined.", "capture_charge_declined", type="card_error"
        )
    intent["metadata"] |= parameters.get("metadata", {})
    _take(ledger, intent, amount, intent["metadata"].get("capture_id"))
    return intent


def check_cancellation(parameters):
    """Check the parameters of a cancellation."""
    require(parameters, allowed=("cancellation_reason",))
    if parameters.get("cancellation_reason", REASONS[0]) not in REASONS:
        raise errors.invalid("Invalid cancellation_reason.", "cancellation_reason")


def cancel(ledger, id_, parameters):
    """Close an intent that is not captured."""
    intent = find(ledger, id_)
    if intent["status"] not in CANCELABLE:
        raise errors.too_late(intent, "canceled")
    _close(ledger, intent, parameters.get("cancellation_reason"))
    return intent


def lapse(ledger, id_):
    """End an authorisation whose time is over."""
    intent = find(ledger, id_)
    if intent["status"] == "requires_capture":
        _close(ledger, intent, "automatic")


def decide(ledger, id_):
    """Let the bank decide on an intent that it processes."""
    intent = find(ledger, id_)
    if METHODS[intent["payment_method"]] == "processing, then failed":
        decline(ledger, intent, "generic_decline")
    else:
        pay(ledger, intent)


def dispute(ledger, id_):
    """Let the customer's bank ask the money back."""
    intent = find(ledger, id_)
    charge = ledger.find(intent["latest_charge"], "charge")
    ledger.save({**charge, "disputed": True})
    made = ledger.add("dp", "dispute", payment_intent=id_, charge=charge["id"], metadata={})
    record(ledger, "charge.dispute.created", made, id_)


def _charge(ledger, intent, **fields):
    new = {
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "currency": intent["currency"],
        "disputed": False,
        "failure_code": None,
        "metadata": intent["metadata"],
        "payment_intent": intent["id"],
        "payment_method_details": {"card": {"capture_before": None}},
        **fields,
    }
    return ledger.add("ch", "charge", intent["id"], **new)


def _require_action(ledger, intent, return_url, url):
    redirect = {"url": f"{url}/3ds/{intent['id']}", "return_url": return_url}
    intent["next_action"] = (
        {"type": "redirect_to_url", "redirect_to_url": redirect}
        if return_url
        else {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
    )
    _change(ledger, intent, "requires_action")
    return intent


def _take(ledger, intent, amount, reference):
    charge = ledger.find(intent["latest_charge"], "charge")
    ledger.save({**charge, "amount_captured": amount})
    ledger.move("capture", charge["id"], amount, reference)
    intent.update(amount_received=amount, amount_capturable=0)
    _change(ledger, intent, "succeeded")
    if METHODS[intent["payment_method"]] == "disputed":
        ledger.plan(SOON_SECONDS, "dispute", intent["id"])


def _close(ledger, intent, reason):
    intent.update(
        amount_capturable=0,
        cancellation_reason=reason,
        canceled_at=int(ledger.now()),
        next_action=None,
    )
    _change(ledger, intent, "canceled")


def _change(ledger, intent, status, event=None):
    intent["status"] = status
    ledger.save(intent)
    thrice = METHODS.get(intent["payment_method"], "").startswith("events thrice")
    record(
        ledger,
        f"payment_intent.{event or status}",
        intent,
        intent["id"],
        copies=3 if thrice else 1,
        late=thrice,
    )
