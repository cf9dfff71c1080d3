"""What can be done with a payment: open, confirm, authenticate, capture, void."""

import secrets
from collections.abc import Callable

from mercato_contracts.payments import State
from mercato_payments_sandbox import wire
from mercato_payments_sandbox.cards import CARDS, read_card
from mercato_payments_sandbox.server import events, tasks
from mercato_payments_sandbox.server.errors import Refusal
from mercato_payments_sandbox.server.ledger import Row, Work

AUTHORIZED_SECONDS = 7 * 86_400
"""How long an authorisation lasts."""

GONE_SECONDS = 10
"""How long the authorisation of the card for it lasts."""

SOON_SECONDS = 2
"""When a bank decides on a payment or a refund that is processing."""

EXPECTED_SECONDS = 3_600


def open_charge(work: Work, new: wire.NewPayment) -> str:
    """Insert a payment that is not confirmed, and return its id."""
    id_ = f"pay_{secrets.token_hex(12)}"
    work.db.execute(
        "INSERT INTO charge (id, payment_id, order_id, number, installation, amount, currency,"
        " capture, return_url, state, created_at) VALUES (?,?,?,?,?,?,?,?,?,'created',?)",
        (
            *(id_, str(new.payment_id), str(new.order_id), new.number, new.installation),
            *(new.amount, new.currency, new.capture, new.return_url, work.now),
        ),
    )
    return id_


def find(work: Work, charge_id: str) -> Row:
    """Return a payment.

    Raises:
        Refusal: There is none (404).
    """
    found = work.db.execute("SELECT * FROM charge WHERE id = ?", (charge_id,)).fetchone()
    if found is None:
        raise Refusal(404, "not_found", "There is no such payment.")
    row: Row = found
    return row


def confirm(work: Work, charge_id: str, body: wire.Confirmation) -> None:
    """Charge a card. A payment that is confirmed already, or closed, stays as it is.

    Raises:
        Refusal: The card is no test card.
    """
    charge, card = find(work, charge_id), read_card(body.payment_method)
    if charge["state"] != "created":
        return
    if card is None:
        raise Refusal(400, "payment_method_unknown", "The sandbox takes its test cards only.")
    work.db.execute(
        "UPDATE charge SET card = ?, return_url = COALESCE(?, return_url) WHERE id = ?",
        (card, body.return_url, charge_id),
    )
    if work.happens(work.faults.decline):
        _fail(work, charge_id, "card_declined")
    else:
        _STEPS.get(CARDS[card], pay)(work, charge_id)


def pay(work: Work, charge_id: str) -> None:
    """Capture a payment, or authorize it if it is captured later."""
    charge = find(work, charge_id)
    if charge["capture"] == "now":
        _take(work, charge, charge["amount"])
        _change(work, charge_id, "captured")
        if CARDS.get(charge["card"]) == "disputed":
            tasks.plan(work, SOON_SECONDS, "dispute", charge_id)
        return
    gone = CARDS.get(charge["card"]) == "authorisation gone after 10 s"
    seconds = GONE_SECONDS if gone else AUTHORIZED_SECONDS
    until = work.now + seconds
    work.db.execute("UPDATE charge SET authorized_until = ? WHERE id = ?", (until, charge_id))
    _change(work, charge_id, "authorized")
    tasks.plan(work, seconds, "lapse", charge_id)


def authenticate(work: Work, charge_id: str, *, approved: bool) -> None:
    """Go on with a payment that waits for 3-D Secure; any other one stays as it is."""
    if find(work, charge_id)["state"] != "requires_action":
        return
    if approved:
        pay(work, charge_id)
    else:
        _fail(work, charge_id, "authentication_failed")


def capture(work: Work, charge_id: str, body: wire.NewCapture) -> None:
    """Capture an authorized amount, or a part of it; a final capture releases the rest.

    Raises:
        Refusal: The card declines it, there is no authorisation, or the amount exceeds it.
    """
    charge = find(work, charge_id)
    if charge["state"] != "authorized":
        raise Refusal(409, "not_authorized", f"The payment is {charge['state']}.")
    if charge["captured"] + body.amount > charge["amount"]:
        raise Refusal(400, "amount_too_large", "The amount exceeds what is authorized.")
    if CARDS.get(charge["card"]) == "capture declined":
        raise Refusal(402, "capture_declined", "The card declined the capture.")
    _take(work, charge, body.amount, str(body.capture_id))
    is_all = charge["captured"] + body.amount == charge["amount"]
    _change(work, charge_id, "captured" if body.final or is_all else "authorized")


def void(work: Work, charge_id: str) -> None:
    """Close a payment that is not captured, or release the rest of one that is in part.

    Nothing changes if it is captured or closed, or if a bank processes it.
    """
    charge = find(work, charge_id)
    if charge["state"] in ("created", "requires_action", "authorized"):
        _change(work, charge_id, "captured" if charge["captured"] else "canceled")


def lapse(work: Work, charge_id: str) -> None:
    """End an authorisation whose time is over."""
    charge = find(work, charge_id)
    if charge["state"] != "authorized":
        return
    if not charge["captured"]:
        work.db.execute(
            "UPDATE charge SET error_code = 'authorization_expired' WHERE id = ?", (charge_id,)
        )
    _change(work, charge_id, "captured" if charge["captured"] else "canceled")


def dispute(work: Work, charge_id: str) -> None:
    """Mark a payment as disputed by the customer's bank."""
    work.db.execute("UPDATE charge SET disputed = 1 WHERE id = ?", (charge_id,))
    events.record(work, charge_id, "payment.disputed")


def decide(work: Work, charge_id: str) -> None:
    """Let the bank decide on a payment that it processes."""
    charge = find(work, charge_id)
    if charge["state"] != "processing":
        return
    if CARDS.get(charge["card"]) == "processing, then failed":
        _fail(work, charge_id, "bank_refused")
    else:
        pay(work, charge_id)


def _process(work: Work, charge_id: str) -> None:
    until = work.now + EXPECTED_SECONDS
    work.db.execute("UPDATE charge SET expected_by = ? WHERE id = ?", (until, charge_id))
    _change(work, charge_id, "processing")
    tasks.plan(work, SOON_SECONDS, "decide", charge_id)


def _require_action(work: Work, charge_id: str) -> None:
    _change(work, charge_id, "requires_action")


def _fail(work: Work, charge_id: str, code: str) -> None:
    work.db.execute("UPDATE charge SET error_code = ? WHERE id = ?", (code, charge_id))
    _change(work, charge_id, "failed")


def _take(work: Work, charge: Row, amount: int, reference: str | None = None) -> None:
    work.db.execute(
        "UPDATE charge SET captured = captured + ? WHERE id = ?", (amount, charge["id"])
    )
    work.db.execute(
        "INSERT INTO movement (charge_id, kind, amount, reference, created_at)"
        " VALUES (?, 'capture', ?, ?, ?)",
        (charge["id"], amount, reference, work.now),
    )


def _change(work: Work, charge_id: str, state: State) -> None:
    work.db.execute("UPDATE charge SET state = ? WHERE id = ?", (state, charge_id))
    events.record(work, charge_id, f"payment.{state}")


_STEPS: dict[str, Callable[[Work, str], None]] = {
    "declined": lambda work, charge_id: _fail(work, charge_id, "card_declined"),
    "no funds": lambda work, charge_id: _fail(work, charge_id, "insufficient_funds"),
    "3-D Secure": _require_action,
    "processing, then paid": _process,
    "processing, then failed": _process,
}
"""What a card does other than pay."""
