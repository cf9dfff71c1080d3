"""Calls of the API: each has its effect once for a key, and goes wrong as the faults say."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec

from mercato_payments_sandbox import wire
from mercato_payments_sandbox.server import charges, refunds, tasks
from mercato_payments_sandbox.server.errors import Refusal
from mercato_payments_sandbox.server.ledger import Ledger, Work

KEY_SECONDS = 86_400
"""How long the answer to a key is kept."""

VERBS: tasks.Verbs = {
    "decide": charges.decide,
    "dispute": charges.dispute,
    "lapse": charges.lapse,
    "return_refund": refunds.give_back,
    "send_refund": refunds.send,
}
"""What :mod:`tasks` plans."""


@dataclass(frozen=True)
class Answer:
    """The answer to a call.

    Args:
        status: HTTP status.
        body: JSON.
        then: What happens before it is sent: ``hang`` loses it, ``slow`` sends it after a while,
            ``events`` sends the events of *charge_id* first.
        charge_id: The payment.
        is_kept: Whether the same key gets it again.
    """

    status: int
    body: bytes
    then: Literal["", "hang", "slow", "events"] = ""
    charge_id: str = ""
    is_kept: bool = True


def answer_of(
    value: msgspec.Struct,
    status: int = 200,
    then: Literal["", "hang", "slow", "events"] = "",
    charge_id: str = "",
) -> Answer:
    """Return an answer with a value."""
    return Answer(status, msgspec.json.encode(value), then, charge_id)


def error_of(status: int, code: str, detail: str = "", *, is_kept: bool = True) -> Answer:
    """Return an answer with an error."""
    body = msgspec.json.encode(wire.Refusal(wire.Problem(code, detail)))
    return Answer(status, body, is_kept=is_kept)


LOST = Answer(504, b"", "hang", is_kept=False)
"""The answer to a call that gets none and has no effect."""


def read(ledger: Ledger, show: Callable[[Work], Answer]) -> Answer:
    """Answer a call without effects."""
    with ledger.work() as work:
        tasks.run_due(work, VERBS)
        return _draw(work, show)


def act(ledger: Ledger, key: str, request: bytes, do: Callable[[Work], Answer]) -> Answer:
    """Answer a call with effects: those of its first time, or the answer that it had.

    Args:
        ledger: The data.
        key: The idempotency key.
        request: What was asked, to be compared with the first time.
        do: Has the effects, in the transaction that keeps the answer.

    Raises:
        Refusal: The key was used for another request, or *do* refuses.
    """
    digest = hashlib.sha256(request).hexdigest()
    with ledger.work() as work:
        tasks.run_due(work, VERBS)
        if known := _known(work, key, digest):
            return known
        answer = _draw(work, do)
        if answer.is_kept:
            work.db.execute(
                "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?)",
                (key, digest, answer.status, answer.body, work.now),
            )
        return answer


def _known(work: Work, key: str, digest: str) -> Answer | None:
    row = work.db.execute(
        "SELECT request, status, body FROM answer WHERE key = ? AND created_at > ?",
        (key, work.now - KEY_SECONDS),
    ).fetchone()
    if row is None:
        return None
    if row["request"] != digest:
        raise Refusal(422, "idempotency_key_reused", "The key was used for another request.")
    return Answer(row["status"], row["body"])


def _draw(work: Work, do: Callable[[Work], Answer]) -> Answer:
    """Do it, unless chance wills that it has no effect, or loses the answer."""
    faults = work.faults
    if work.happens(faults.timeout_before):
        return LOST
    fails = work.happens(faults.error_500)
    if fails and work.happens(0.5):
        return error_of(500, "internal_error", is_kept=False)
    answer = do(work)
    if fails:
        return error_of(500, "internal_error")
    if work.happens(faults.timeout_after):
        return Answer(answer.status, answer.body, "hang", answer.charge_id, answer.is_kept)
    return answer
