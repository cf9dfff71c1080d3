"""Confirm a payment, and go wrong as its card says."""

from mercato_payments_sandbox import wire
from mercato_payments_sandbox.cards import CARDS, read_card
from mercato_payments_sandbox.server import charges
from mercato_payments_sandbox.server.answers import LOST, Answer, answer_of, error_of
from mercato_payments_sandbox.server.ledger import Work
from mercato_payments_sandbox.server.shown import show_payment


def confirm(work: Work, charge_id: str, body: wire.Confirmation) -> Answer:
    """Confirm a payment and return the answer.

    Raises:
        Refusal: There is no such payment, or the card is no test card.
    """
    charge = charges.find(work, charge_id)
    work.db.execute("UPDATE charge SET confirms = confirms + 1 WHERE id = ?", (charge_id,))
    behaviour = CARDS.get(read_card(body.payment_method) or "", "")
    if behaviour == "time-out, not charged":
        return LOST
    if behaviour == "500 at first, not charged" and charge["confirms"] == 0:
        return error_of(500, "internal_error", is_kept=False)
    charges.confirm(work, charge_id, body)
    return _answer(work, charge_id, behaviour)


def _answer(work: Work, charge_id: str, behaviour: str) -> Answer:
    payment = show_payment(work, charge_id)
    match behaviour:
        case "500, charged":
            return error_of(500, "internal_error")
        case "time-out, charged":
            return answer_of(payment, then="hang")
        case "slow":
            return answer_of(payment, then="slow")
        case "event before the answer":
            return answer_of(payment, then="events", charge_id=charge_id)
        case _:
            return answer_of(payment)
