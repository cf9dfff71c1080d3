"""Refunds: money goes back to the card, at once or later."""

import secrets

from mercato_payments_sandbox import wire
from mercato_payments_sandbox.cards import CARDS
from mercato_payments_sandbox.server import events, tasks
from mercato_payments_sandbox.server.charges import SOON_SECONDS, find as find_charge
from mercato_payments_sandbox.server.errors import Refusal
from mercato_payments_sandbox.server.ledger import Row, Work


def refund(work: Work, charge_id: str, new: wire.NewRefund) -> str:
    """Give captured money back, and return the id of the refund.

    Raises:
        Refusal: The amount exceeds what is left of the captured one.
    """
    charge = find_charge(work, charge_id)
    if new.amount > charge["captured"] - _claimed(work, charge_id):
        raise Refusal(400, "refund_exceeds_captured", "The amount exceeds what is captured.")
    id_ = f"ref_{secrets.token_hex(12)}"
    refund_id = str(new.refund_id) if new.refund_id else None
    work.db.execute(
        "INSERT INTO refund (id, charge_id, refund_id, amount, state, reason, created_at)"
        " VALUES (?, ?, ?, ?, 'pending', ?, ?)",
        (id_, charge_id, refund_id, new.amount, new.reason, work.now),
    )
    behaviour = CARDS.get(charge["card"])
    if behaviour == "refund pending, then paid":
        events.record(work, charge_id, "refund.updated")
        tasks.plan(work, SOON_SECONDS, "send_refund", id_)
        return id_
    send(work, id_)
    if behaviour == "refund paid, then failed":
        tasks.plan(work, SOON_SECONDS, "return_refund", id_)
    return id_


def find(work: Work, id_: str) -> Row:
    """Return a refund.

    Raises:
        Refusal: There is none (404).
    """
    found = work.db.execute("SELECT * FROM refund WHERE id = ?", (id_,)).fetchone()
    if found is None:
        raise Refusal(404, "not_found", "There is no such refund.")
    row: Row = found
    return row


def send(work: Work, id_: str) -> None:
    """Send the money of a pending refund."""
    row = find(work, id_)
    work.db.execute("UPDATE refund SET state = 'succeeded' WHERE id = ?", (id_,))
    _move(work, row, row["amount"], "refund")


def give_back(work: Work, id_: str) -> None:
    """Fail a refund that succeeded: the bank returned the money."""
    row = find(work, id_)
    work.db.execute(
        "UPDATE refund SET state = 'failed', error_code = 'account_closed' WHERE id = ?", (id_,)
    )
    _move(work, row, -row["amount"], "refund_returned")


def _move(work: Work, row: Row, amount: int, kind: str) -> None:
    charge_id = row["charge_id"]
    work.db.execute("UPDATE charge SET refunded = refunded + ? WHERE id = ?", (amount, charge_id))
    work.db.execute(
        "INSERT INTO movement (charge_id, kind, amount, reference, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (charge_id, kind, abs(amount), row["refund_id"], work.now),
    )
    events.record(work, charge_id, "refund.updated")


def _claimed(work: Work, charge_id: str) -> int:
    """Return the sum of the refunds that are pending or succeeded."""
    claimed: int = work.db.execute(
        "SELECT COALESCE(SUM(amount), 0) FROM refund"
        " WHERE charge_id = ? AND state IN ('pending', 'succeeded')",
        (charge_id,),
    ).fetchone()[0]
    return claimed
