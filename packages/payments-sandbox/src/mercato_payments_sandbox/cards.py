"""Test cards: what the sandbox does with each number."""

from typing import Final

PAYS: Final = "4242424242424242"

CARDS: Final = {
    PAYS: "pays",
    "4000000000000002": "declined",
    "4000000000009995": "no funds",
    "4000000000003220": "3-D Secure",
    "4000000000000101": "slow",
    "4000000000000119": "time-out, not charged",
    "4000000000000127": "time-out, charged",
    "4000000000000135": "500 at first, not charged",
    "4000000000000143": "500, charged",
    "4000000000000150": "processing, then paid",
    "4000000000000168": "processing, then failed",
    "4000000000000176": "refund pending, then paid",
    "4000000000000184": "refund paid, then failed",
    "4000000000000192": "events thrice, shuffled, late",
    "4000000000000200": "event before the answer",
    "4000000000000218": "bad signature once",
    "4000000000000226": "authorisation gone after 10 s",
    "4000000000000234": "capture declined",
    "4000000000000259": "disputed",
}
"""The behaviour of the sandbox, by the number of the card."""


def read_card(payment_method: str | None) -> str | None:
    """Return the number of a test card, which may be written with spaces; None if it is none."""
    number = (payment_method or "").replace(" ", "")
    return number if number in CARDS else None
