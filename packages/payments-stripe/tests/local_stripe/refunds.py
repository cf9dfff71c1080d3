"""Refunds of charges."""

from . import errors, intents
from .events import record
from .forms import require
from .methods import METHODS


def find(ledger, id_):
    """Return a refund."""
    found = ledger.find(id_, "refund")
    if found is None:
        raise errors.missing("refund", id_)
    return found


def check_new(parameters):
    """Check the parameters of a new refund."""
    require(parameters, "payment_intent", allowed=("amount", "metadata", "reason"))


def create(ledger, parameters):
    """Give money back.

    Raises:
        ApiError: More is asked for than is left.
    """
    intent = intents.find(ledger, parameters["payment_intent"])
    charge = ledger.find(intent["latest_charge"], "charge")
    if charge is None or not charge["amount_captured"]:
        raise errors.ApiError(400, "This PaymentIntent does not have a successful charge.")
    left = charge["amount_captured"] - charge["amount_refunded"]
    if not left:
        raise errors.ApiError(400, "The charge is refunded.", "charge_already_refunded")
    amount = parameters.get("amount", left)
    if not 0 < amount <= left:
        raise errors.ApiError(400, "Refund amount is greater than unrefunded amount on charge.")
    behaviour = METHODS[intent["payment_method"]]
    is_pending = behaviour == "refund pending, then paid"
    refund = ledger.add(
        "re",
        "refund",
        intent["id"],
        amount=amount,
        charge=charge["id"],
        currency=intent["currency"],
        failure_reason=None,
        metadata=parameters.get("metadata", {}),
        payment_intent=intent["id"],
        status="pending" if is_pending else "succeeded",
    )
    ledger.save({**charge, "amount_refunded": charge["amount_refunded"] + amount})
    ledger.move("refund", charge["id"], amount, _reference(refund))
    record(ledger, "refund.created", refund, intent["id"])
    if is_pending:
        ledger.plan(intents.SOON_SECONDS, "succeed", refund["id"])
    elif behaviour == "refund paid, then failed":
        ledger.plan(intents.SOON_SECONDS, "fail", refund["id"])
    return refund


def succeed(ledger, id_):
    """Let a bank take a refund that is pending."""
    _change(ledger, find(ledger, id_), "refund.updated", status="succeeded")


def fail(ledger, id_):
    """Let a bank send a refund back."""
    refund = find(ledger, id_)
    charge = ledger.find(refund["charge"], "charge")
    ledger.save({**charge, "amount_refunded": charge["amount_refunded"] - refund["amount"]})
    ledger.move("refund failed", charge["id"], -refund["amount"], _reference(refund))
    reason = "lost_or_stolen_card"
    _change(ledger, refund, "refund.failed", status="failed", failure_reason=reason)


def _change(ledger, refund, event, **fields):
    refund.update(fields)
    ledger.save(refund)
    record(ledger, event, refund, refund["payment_intent"])


def _reference(refund):
    """Return the id of the shop, or that of Stripe for one that staff made there."""
    return refund["metadata"].get("refund_id", refund["id"])
