"""Events: what webhooks say of a payment, as it was when it changed."""

import secrets
from typing import cast

import msgspec

from mercato_payments_sandbox import wire
from mercato_payments_sandbox.cards import CARDS
from mercato_payments_sandbox.server.ledger import Work
from mercato_payments_sandbox.server.shown import show_payment, time_of

LATE_SECONDS = 3.0
"""An event that is late is sent after this time at most."""


def record(work: Work, charge_id: str, type_: str) -> None:
    """Insert an event in the transaction of the change, with the payment as it is now."""
    payment = show_payment(work, charge_id)
    id_ = f"evt_{secrets.token_hex(12)}"
    event = wire.Event(id_, cast("wire.EventType", type_), time_of(work.now), payment)
    (card,) = work.db.execute("SELECT card FROM charge WHERE id = ?", (charge_id,)).fetchone()
    behaviour = CARDS.get(card or "", "")
    shuffled = behaviour == "events thrice, shuffled, late"
    late = shuffled or work.happens(work.faults.disorder)
    copies = 3 if shuffled else 1 + work.happens(work.faults.duplicate)
    work.db.execute(
        "INSERT INTO event (id, charge_id, type, body, created_at, due_at, copies, badly_signed,"
        " dropped) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(id_, charge_id, type_, msgspec.json.encode(event), work.now),
            work.now + _delay(work, behaviour, late=late),
            copies,
            behaviour == "bad signature once",
            work.happens(work.faults.drop),
        ),
    )


def _delay(work: Work, behaviour: str, *, late: bool) -> float:
    """Return after how many seconds an event is sent by itself."""
    if behaviour == "event before the answer":
        # The call of its payment sends it; this is for a sandbox that was killed meanwhile.
        return LATE_SECONDS
    return work.random.random() * LATE_SECONDS if late else 0
